"""The risk of a parcel."""


def risk(km: list[float], kg: list[float]) -> list[float]:
    """One number a parcel, in percent."""
    load = [k / 24 + w / 9 for k, w in zip(km, kg, strict=True)]
    return [100 * value / (1 + value) for value in load]
