"""Lets a check ask `matching.text`; it judges nothing."""

from matching.text import extract_attrs, normalize_title


def normalize(titles: list[str]) -> list[object]:
    """Each title in one spelling."""
    return [normalize_title(title) for title in titles]


def attributes(titles: list[str]) -> list[dict[str, object]]:
    """What each title says; the set of numbers as a sorted list."""
    return [_plain(extract_attrs(title)) for title in titles]


def _plain(said: object) -> dict[str, object]:
    if not isinstance(said, dict):
        return {"kind": type(said).__name__}
    answer: dict[str, object] = dict(said)
    numbers, capacity = answer.get("numbers"), answer.get("capacity")
    if isinstance(numbers, set | frozenset):
        answer["numbers"] = sorted(str(one) for one in numbers)
    if isinstance(capacity, tuple):
        answer["capacity"] = list(capacity)
    return answer
