"""The file MLmodel of a logged model, as plain values: read in a room that holds nothing else.

It is YAML, of which no more is read than a judge asks about: the keys at the left margin, the
names of flavours, two ids, and whether there is a signature. Nothing is built, referred to or
repeated, so anchors, tags and aliases mean nothing here.
"""

import re
from collections.abc import Iterator

MOST_BYTES = 1_000_000
MOST_FLAVORS = 50
KEY = re.compile(r"(?P<indent> *)(?P<key>[A-Za-z_][A-Za-z0-9_.-]{0,120}):(?: +(?P<rest>.*))?")
ID = re.compile(r"'?(?P<id>[A-Za-z0-9-]{1,64})'?")
NOTHING = ("", "null", "~", "''", '""', "{}", "[]")


class Refused(Exception):
    """A file breaks a rule; the argument is its name."""


def card(content: bytes) -> object:
    """What a model says of itself, as ``{"value": …}``; or the rule that the file breaks."""
    try:
        return {"value": _card(_sections(_text(content)))}
    except Refused as refused:
        return {"rule": refused.args[0]}


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise Refused("too-many-values")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not-utf-8") from None


def _sections(text: str) -> dict[str, list[str]]:
    """The lines of each key at the left margin: what stands behind it, and what is indented."""
    found: dict[str, list[str]] = {}
    own: list[str] = []
    for line in text.split("\n"):
        key = KEY.fullmatch(line.rstrip())
        if key and not key["indent"]:
            if key["key"] in found:
                raise Refused("key-twice")
            found[key["key"]] = own = [key["rest"] or ""]
        elif line.startswith((" ", "-")) or not line.strip():
            own.append(line.rstrip())
        elif not line.startswith(("#", "---")):
            raise Refused("not-a-model")
    return found


def _card(sections: dict[str, list[str]]) -> dict[str, object]:
    flavors = [name for name, _ in _keys(sections.get("flavors", [""]))]
    if not flavors:
        raise Refused("not-a-model")
    if len(flavors) > MOST_FLAVORS:
        raise Refused("too-many-values")
    sides = dict(_keys(sections.get("signature", [""])))
    return {
        "flavors": flavors,
        "run_id": _id(sections.get("run_id", [""])[0]),
        "model_id": _id(sections.get("model_id", [""])[0]),
        "signed": sides.get("inputs", "") not in NOTHING,
    }


def _keys(section: list[str]) -> Iterator[tuple[str, str]]:
    """The keys of a mapping one step in, and what stands behind each."""
    indent = None
    for line in section[1:]:
        key = KEY.fullmatch(line)
        indent = len(key["indent"]) if key and indent is None else indent
        if key and len(key["indent"]) == indent:
            yield key["key"], key["rest"] or ""


def _id(text: str) -> str | None:
    found = ID.fullmatch(text)
    return found["id"] if found and text not in NOTHING else None
