"""The risk of a parcel."""


def risk(km: list[float], kg: list[float]) -> list[float]:
    """One number a parcel, from 0 to 1, in the order asked."""
    return [(1 + w / 9) / (2 + k / 24 + w / 9) for k, w in zip(km, kg, strict=True)]
