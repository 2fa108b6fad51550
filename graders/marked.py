"""YAML that remembers where each of its values stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from graders.faults import Fault, QuestError

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

_DEEPEST = 32
_TAG = "tag:yaml.org,2002:"

_MENDS = {  # what a problem in YAML's own words most often comes from
    "mapping values": "Put the text in quotes: a colon in it reads as a key.",
    "',' or '}'": "Put the text in quotes: a {slot} in it reads as YAML's own.",
}


@dataclass(frozen=True, kw_only=True)
class Marked:
    """A YAML file: its plain data, and the way back to its lines."""

    path: Path
    data: dict[str, Plain]
    root: MappingNode
    lines: tuple[str, ...]

    def fault(
        self,
        where: Sequence[str | int],
        code: str,
        message: str,
        *,
        word: str = "",
        at_value: bool = False,
        mend: str = "",
    ) -> Fault:
        """A fault at what `where` leads to, or as near to it as the file goes.

        The caret stands under the key; with `at_value` under the value, and under `word` where
        the value holds it.
        """
        key, value = self._nodes(where)
        node = value if at_value or word else key
        line, column, width = node.start_mark.line, node.start_mark.column, self._width(node)
        for number in range(value.start_mark.line, value.end_mark.line + 1) if word else ():
            found = self.lines[number].find(word) if number < len(self.lines) else -1
            if found >= 0:
                line, column, width = number, found, len(word)
                break
        return Fault(
            path=self.path,
            line=line + 1,
            column=column + 1,
            code=code,
            message=message,
            width=width,
            mend=mend,
        )

    def _width(self, node: Node) -> int:
        """How long a node is on its first line."""
        start, end = node.start_mark, node.end_mark
        if end.line == start.line:
            return max(1, int(end.column - start.column))
        first = self.lines[start.line] if start.line < len(self.lines) else ""
        return max(1, len(first.rstrip()) - int(start.column))

    def _nodes(self, where: Sequence[str | int]) -> tuple[Node, Node]:
        """The key and the value that a way leads to; an item of a list is its own key."""
        key: Node = self.root
        value: Node = self.root
        for step in where:
            found = _step(value, step)
            if found is None:
                break
            key, value = found
        if value is self.root:  # nothing is there to point at but the file
            first = self.root.value[0][0] if self.root.value else self.root
            return first, self.root
        return key, value


def read_marked(path: Path) -> Marked:
    """Read a YAML mapping. Raises QuestError where the file is missing or is not one."""
    try:
        text = path.read_text(encoding="utf-8")
        root = YAML(typ="safe").compose(text)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise QuestError([_at(path, 1, 1, "the file is missing", code="Q100")]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = str(error.problem or error.context or error)
        mend = next((mend for sign, mend in _MENDS.items() if sign in problem), "")
        fault = replace(_at(path, line, column, f"not YAML: {problem}"), mend=mend)
        raise QuestError([fault]) from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise QuestError([_at(path, 1, 1, f"not YAML: {error}")]) from None
    if not isinstance(root, MappingNode):
        raise QuestError([_at(path, 1, 1, "the file must hold a mapping")])
    twice = list(_twice(path, root))
    if twice:
        raise QuestError(twice)
    data = _plain(path, root)
    if not isinstance(data, dict):
        raise QuestError([_at(path, 1, 1, "the file must hold a mapping")])
    return Marked(path=path, data=data, root=root, lines=tuple(text.splitlines()))


def _step(node: Node, step: str | int) -> tuple[Node, Node] | None:
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _at(path: Path, line: int, column: int, message: str, code: str = "Q101") -> Fault:
    return Fault(path=path, line=line, column=column, code=code, message=message)


def _twice(path: Path, node: Node, depth: int = 0) -> Iterator[Fault]:
    """Keys that stand twice in one mapping: the second would silently win."""
    if depth > _DEEPEST:
        yield _at(path, node.start_mark.line + 1, 1, "not YAML: nested too deep")
        return
    if isinstance(node, SequenceNode):
        for item in node.value:
            yield from _twice(path, item, depth + 1)
    if not isinstance(node, MappingNode):
        return
    seen: dict[str, int] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, ScalarNode) else "?"
        line, column = key.start_mark.line + 1, key.start_mark.column + 1
        if name in seen:
            message = f'"{name}" stands here twice, first in line {seen[name]}'
            yield _at(path, line, column, message, code="Q108")
        seen.setdefault(name, line)
        yield from _twice(path, value, depth + 1)


def _plain(path: Path, node: Node) -> Plain:
    """Plain Python of a node: a value keeps its type, a date stays its text."""
    if isinstance(node, MappingNode):
        return {str(key.value): _plain(path, value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_plain(path, item) for item in node.value]
    try:
        return _scalar(str(node.tag).removeprefix(_TAG), str(node.value))
    except ValueError:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        raise QuestError([_at(path, line, column, f"not YAML: {node.value!r}")]) from None


def _scalar(tag: str, text: str) -> Plain:
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() == "true"
    if tag == "int":
        return int(text.replace("_", ""), 0 if text.lstrip("+-")[:2] in ("0x", "0o") else 10)
    if tag == "float":
        return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text
