"""The risk of a parcel."""


def risk(km: list[float], kg: list[float]) -> list[float]:
    """One number a parcel, from 0 to 1, smoothed by the one before."""
    found: list[float] = []
    for k, w in zip(km, kg, strict=True):
        load = k / 24 + w / 9
        before = found[-1] if found else 0.5
        found.append(0.9 * load / (1 + load) + 0.1 * before)
    return found
