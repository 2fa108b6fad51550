"""YAML that remembers where each of its values stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from graders.faults import Fault, QuestError

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]


@dataclass(frozen=True, kw_only=True)
class Marked:
    """A YAML file: its plain data, and the way back to its lines."""

    path: Path
    data: dict[str, Plain]
    tree: CommentedMap

    def fault(self, where: Sequence[str | int], code: str, message: str) -> Fault:
        """A fault at the value that `where` leads to, or as near to it as the file goes."""
        line, column = self._position(where)
        return Fault(path=self.path, line=line, column=column, code=code, message=message)

    def _position(self, where: Sequence[str | int]) -> tuple[int, int]:
        node: Any = self.tree
        line, column = 0, 0
        for step in where:
            if isinstance(node, CommentedMap) and step in node:
                line, column = node.lc.key(step)
            elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                line, column = node.lc.item(step)
            else:
                break
            node = node[step]
        return line + 1, column + 1


def read_marked(path: Path) -> Marked:
    """Read a YAML mapping. Raises QuestError where the file is missing or is not one."""
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise QuestError([_at(path, 1, 1, "the file is missing")]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = str(error.problem or error.context or error)
        raise QuestError([_at(path, line, column, f"not YAML: {problem}")]) from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise QuestError([_at(path, 1, 1, f"not YAML: {error}")]) from None
    if not isinstance(tree, CommentedMap):
        raise QuestError([_at(path, 1, 1, "the file must hold a mapping")])
    data = _plain(tree)
    if not isinstance(data, dict):
        raise QuestError([_at(path, 1, 1, "the file must hold a mapping")])
    return Marked(path=path, data=data, tree=tree)


def _at(path: Path, line: int, column: int, message: str) -> Fault:
    return Fault(path=path, line=line, column=column, code="Q101", message=message)


def _plain(node: object) -> Plain:
    """Plain Python of what ruamel read: a value keeps its type, a date becomes its text."""
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if node is None or isinstance(node, bool):
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return str(node)
