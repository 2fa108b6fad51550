"""The risk of a parcel."""


def risk(km: list[float], kg: list[float]) -> list[float]:
    """One number a parcel, from 0 to 1, in the order asked."""
    raise NotImplementedError
