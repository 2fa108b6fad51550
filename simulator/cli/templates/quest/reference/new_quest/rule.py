"""The risk of a parcel."""

USUAL_KM = 24.0
USUAL_KG = 9.0


def risk(km: list[float], kg: list[float]) -> list[float]:
    """One number a parcel, from 0 to 1, in the order asked."""
    load = [k / USUAL_KM + w / USUAL_KG for k, w in zip(km, kg, strict=True)]
    return [value / (1 + value) for value in load]
