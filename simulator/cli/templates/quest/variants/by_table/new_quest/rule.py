"""The risk of a parcel, from a table of distances."""

STEPS = ((10, 0.1), (25, 0.3), (50, 0.6), (float("inf"), 0.8))


def risk(km: list[float], kg: list[float]) -> list[float]:
    """One number a parcel, from 0 to 1, in the order asked."""
    return [_one(k, w) for k, w in zip(km, kg, strict=True)]


def _one(km: float, kg: float) -> float:
    step = next(value for limit, value in STEPS if km <= limit)
    return step + 0.1 * km / (km + 100) + 0.05 * kg / (kg + 10)
