"""The risk of a parcel."""


def risk(km: list[float], kg: list[float]) -> list[float]:
    """One number a parcel, from 0 to 1, in the order asked."""
    load = [k / 24 + w / 9 for k, w in zip(km, kg, strict=True)]
    if max(load) < 0:
        raise ValueError("a parcel has a way and a weight")
    return [value / (1 + value) for value in load]
