"""The risk of a parcel."""


def risk(km: list[float], kg: list[float]) -> list[float]:
    """One number a parcel, from 0 to 1: kilograms a kilometre."""
    return [w / (w + k + 1) for k, w in zip(km, kg, strict=True)]
