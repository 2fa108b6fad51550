"""Titles as sellers write them, and the same titles as they can be compared."""


def normalize_title(s: str) -> str:
    """A title in one spelling."""
    return s.lower()


def extract_attrs(s: str) -> dict:
    """What a title says: capacity, color, suffix, numbers, accessory."""
    raise NotImplementedError("extract_attrs: stage 'One spelling'")
