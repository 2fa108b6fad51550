"""A stranger's YAML as plain values: carried into a room that holds a YAML parser besides.

Only the events of the parser are used. No tag, anchor, alias, merge or second document is taken,
so a small text cannot stand for a large one; what a plain word means is decided here, by the core
schema of YAML 1.2 with underscores in integers. Nothing recurses.
"""

import math
import re

from ruamel.yaml import events
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import Reader
from ruamel.yaml.scanner import Scanner

DEEPEST = 12
MOST_VALUES = 5_000
LARGEST_INTEGER = 2**63
INTEGER = re.compile(r"[-+]?[0-9](?:_?[0-9]){0,24}")
NUMBER = re.compile(r"[-+]?(?:[0-9]{1,300}\.?[0-9]{0,300}|\.[0-9]{1,300})(?:[eE][-+]?[0-9]{1,4})?")
NO_NUMBER = re.compile(r"[-+]?\.(?:inf|nan)", re.IGNORECASE)
WORDS = {"": None, "~": None, "true": True, "false": False}
EMPTY = {"null", "Null", "NULL"}


class Refused(Exception):
    """A text breaks a rule; the first argument is its name, the second the line."""


class Version:
    """What the parser asks about the language of the text."""

    processing_version = (1, 2)


class Loader(Reader, Scanner, Parser):
    """The parser with its scanner and reader, and nothing that makes objects."""

    def __init__(self, text: str) -> None:
        self.comment_handling = None
        self.doc_infos: list[object] = []
        self._resolver = Version()
        Reader.__init__(self, text, loader=self)
        Scanner.__init__(self, loader=self)
        Parser.__init__(self, loader=self)

    @property
    def processing_version(self) -> tuple[int, int]:
        """As the scanner asks."""
        return Version.processing_version


def document(content: bytes) -> object:
    """A YAML document as ``{"value", "lines"}``; or the rule that it breaks, with the line.

    `lines` maps the dotted key of a value (items of a list by number, from 1) to its line.
    """
    try:
        return _document(_text(content))
    except Refused as refused:
        rule, line = refused.args
        return {"rule": rule, "line": line}
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return {"rule": "not-yaml", "line": mark.line + 1 if mark else 1}
    except (YAMLError, ValueError, AttributeError, TypeError, IndexError):
        return {"rule": "not-yaml", "line": 1}  # the parser's own slips on a text that is none


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("not-utf-8", content[: error.start].count(b"\n") + 1) from None


def _document(text: str) -> dict[str, object]:
    loader, lines = Loader(text), {}
    root: list[object] = []
    stack: list[_Holder] = []
    documents = values = 0
    while loader.check_event():
        event = loader.get_event()
        line = event.start_mark.line + 1
        documents += isinstance(event, events.DocumentStartEvent)
        if documents > 1:
            raise Refused("two-documents", line)
        if isinstance(event, events.CollectionEndEvent):
            stack.pop()
            continue
        if not isinstance(event, events.NodeEvent):
            continue
        values += 1
        _check(event, line, values, len(stack))
        is_key = bool(stack) and stack[-1].awaits_key()
        value = _value(event, line, is_key=is_key)
        if is_key:
            stack[-1].take_key(value, line)
            continue
        where = stack[-1].take(value, line) if stack else _first(root, value)
        lines[".".join(where)] = stack[-1].line if stack else line
        if isinstance(event, events.CollectionStartEvent):
            stack.append(_Holder(value, where, line))
    return {"value": root[0] if root else None, "lines": lines}


def _first(root: list[object], value: object) -> tuple[str, ...]:
    root.append(value)
    return ()


class _Holder:
    """A mapping or a list that is being filled."""

    def __init__(self, value: object, where: tuple[str, ...], line: int) -> None:
        self.value, self.where, self.line = value, where, line
        self.key: str | None = None

    def awaits_key(self) -> bool:
        return isinstance(self.value, dict) and self.key is None

    def take_key(self, key: object, line: int) -> None:
        if not isinstance(self.value, dict) or not isinstance(key, str):
            raise Refused("key-not-a-word", line)
        if key in self.value:
            raise Refused("key-twice", line)
        if key == "<<":
            raise Refused("merge-key", line)
        self.key, self.line = key, line

    def take(self, value: object, line: int) -> tuple[str, ...]:
        if isinstance(self.value, list):
            self.value.append(value)
            self.line = line
            return (*self.where, str(len(self.value)))
        key, self.key = str(self.key), None
        if isinstance(self.value, dict):
            self.value[key] = value
        return (*self.where, key)


def _check(event: object, line: int, values: int, depth: int) -> None:
    if values > MOST_VALUES:
        raise Refused("yaml-too-large", line)
    if depth > DEEPEST:
        raise Refused("yaml-too-deep", line)
    if isinstance(event, events.AliasEvent) or getattr(event, "anchor", None):
        raise Refused("anchor-or-alias", line)
    if getattr(event, "ctag", None) is not None:
        raise Refused("tag", line)


def _value(event: object, line: int, *, is_key: bool) -> object:
    if isinstance(event, events.MappingStartEvent):
        return {}
    if isinstance(event, events.SequenceStartEvent):
        return []
    if not isinstance(event, events.ScalarEvent):
        raise Refused("not-yaml", line)
    if event.style or is_key:  # quoted, or a name
        return str(event.value)
    return _plain(str(event.value), line)


def _plain(word: str, line: int) -> object:
    """What a word without quotes means."""
    if word in EMPTY:
        return None
    if word.lower() in WORDS:
        return WORDS[word.lower()]
    if NO_NUMBER.fullmatch(word):
        raise Refused("not-finite", line)
    if INTEGER.fullmatch(word) or (word.isascii() and word.isdigit()):
        return _integer(word, line)
    if not NUMBER.fullmatch(word):
        return word
    value = float(word)
    if not math.isfinite(value):
        raise Refused("not-finite", line)
    return value


def _integer(word: str, line: int) -> int:
    number = int(word.replace("_", "")) if INTEGER.fullmatch(word) else LARGEST_INTEGER
    if not -LARGEST_INTEGER <= number < LARGEST_INTEGER:
        raise Refused("integer-too-large", line)
    return number
