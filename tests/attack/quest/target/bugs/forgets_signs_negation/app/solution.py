"""Sums."""


def add(a: int, b: int) -> int:
    """Add."""
    return abs(a) + abs(b)
