"""The risk of a parcel."""


def risk(km: list[float], kg: list[float]) -> list[float]:
    load = [k / 24 + w / 9 for k, w in zip(km, kg, strict=True)]
    return [value / (1 + value) for value in load]
