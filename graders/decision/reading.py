"""decision.yaml out of the parser jail and into its form; every fault has its line."""

import difflib
import re
import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from graders.decision.form import Decision
from graders.failures import Fail
from graders.parsing import Parser
from graders.results import Location, Param
from graders.workspace import Workspace

PATH = "decision.yaml"
MOST_BYTES = 64 * 1024
# How a value can fail its type, by the library's word for it; anything else is "another_kind".
_RULES = {
    "string_type": "text",
    "string_too_short": "text",
    "string_pattern_mismatch": "text",
    "string_too_long": "shorter",
    "float_type": "number",
    "int_type": "whole_number",
    "int_from_float": "whole_number",
    "finite_number": "number",
    "tuple_type": "list",
    "too_short": "not_empty",
    "too_long": "shorter",
    "model_type": "mapping",
    "model_attributes_type": "mapping",
    "greater_than": "greater",
    "greater_than_equal": "greater",
    "less_than": "less",
    "less_than_equal": "less",
}


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A decision.yaml and the lines of its keys."""

    path: str
    said: Decision
    lines: dict[str, int]

    def at(self, *keys: str) -> tuple[Location, ...]:
        """The place of dotted keys (items of lists by number, from 1)."""
        return tuple(Location(path=self.path, line=_line(self.lines, key)) for key in keys)


def registered(work: Workspace, path: str = PATH) -> Registered:
    """The learner's decision.yaml, read once a grading. Raises Fail.

    Reasons: file_missing, file_not_text, decision_too_long, yaml_rejected, artifact_over_limit,
    key_unknown, key_missing, value_not_one_of, value_unfit, order_unfit, not_a_mapping.
    """
    found = work.once(("decision.registered", path), lambda: _read_or_failure(work, path))
    if isinstance(found, Fail):
        raise Fail(found.reason, found.params, locations=found.locations)
    return found


def decision(work: Workspace, path: str = PATH) -> Decision:
    """As `registered`, without the lines."""
    return registered(work, path).said


def _read_or_failure(work: Workspace, path: str) -> Registered | Fail:
    """The registration, or why it cannot be read: neither is found twice."""
    try:
        return _read(work, path)
    except Fail as failure:
        return failure


def _read(work: Workspace, path: str) -> Registered:
    content = work.text(path).encode()
    if len(content) > MOST_BYTES:
        facts: dict[str, Param] = {"path": path, "kilobytes": len(content) // 1024, "most": 64}
        raise Fail("document_too_long", facts)
    parser = Parser(rooms=work.rooms, path=path, content=content, tells_rows=True)
    value, lines = parser.yaml()
    if not isinstance(value, dict):
        raise Fail("not_a_mapping", {"path": path}, locations=(Location(path=path, line=1),))
    try:
        said = Decision.model_validate(value)
    except ValidationError as error:
        _refuse(error, path=path, lines=lines)
    found = Registered(path=path, said=said, lines=lines)
    _check_order(found)
    return found


def _refuse(error: ValidationError, *, path: str, lines: dict[str, int]) -> NoReturn:
    """Say the first fault by its line, and how many there are.

    A key that nobody knows comes first: it is often why another is missing.
    """
    details = error.errors(include_url=False, include_input=False)
    keyed = [(_key(detail["loc"]), detail) for detail in details]

    def rank(pair: tuple[str, ErrorDetails]) -> tuple[bool, int, str]:
        return pair[1]["type"] != "extra_forbidden", _line(lines, pair[0]), pair[0]

    key, detail = min(keyed, key=rank)
    facts: dict[str, Param] = {"path": path, "key": key, "found": len(details)}
    place = (Location(path=path, line=_line(lines, key)),)
    match detail["type"]:
        case "extra_forbidden":
            near = _nearest(str(detail["loc"][-1]), _keys_at(detail["loc"][:-1]))
            reason = "key_unknown_near" if near else "key_unknown"
            raise Fail(reason, {**facts, **({"near": near} if near else {})}, locations=place)
        case "missing":
            raise Fail("key_missing", facts, locations=place)
        case "literal_error":
            raise Fail("value_not_one_of", {**facts, "choices": _choices(detail)}, locations=place)
    rule = _RULES.get(detail["type"], "another_kind")
    raise Fail("value_unfit", {**facts, "rule": rule}, locations=place)


def _check_order(found: Registered) -> None:
    """Numbers that stand in an order."""
    trios = [
        (f"estimates.{n}", (e.days_low, e.days_likely, e.days_high))
        for n, e in enumerate(found.said.estimates, start=1)
    ]
    expected = found.said.expected_uplift_rub_month
    if expected is not None:
        trios.append(("expected_uplift_rub_month", (expected.low, expected.mid, expected.high)))
    for key, trio in trios:
        given = [value for value in trio if value is not None]
        if given != sorted(given):
            raise Fail("order_unfit", {"path": found.path, "key": key}, locations=found.at(key))


def _key(where: Sequence[str | int]) -> str:
    """A dotted key: lists are counted from 1."""
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in where)


def _line(lines: dict[str, int], key: str) -> int:
    """The line of a key, or of the nearest one above it."""
    while key:
        if key in lines:
            return lines[key]
        key = key.rpartition(".")[0]
    return lines.get("", 1)


def _choices(detail: ErrorDetails) -> str:
    expected = str(detail.get("ctx", {}).get("expected", ""))
    words = re.findall(r"'([^']*)'", expected)
    plain = {"<=": "at-most", "<": "less", ">=": "at-least", ">": "more"}
    return ", ".join(plain.get(word, word) for word in words)


def _nearest(word: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), "")


def _keys_at(where: Sequence[str | int]) -> list[str]:
    """The keys that a place of the form knows."""
    kind: Any = Decision
    for step in where:
        if isinstance(step, int):
            continue
        fields = (
            kind.model_fields if isinstance(kind, type) and issubclass(kind, BaseModel) else {}
        )
        kind = _bare(fields[step].annotation) if step in fields else None
    return (
        list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []
    )


def _bare(annotation: Any) -> Any:  # noqa: ANN401 - a type, any type
    """The record inside "or None", a list, or a list with limits."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _bare(next(arg for arg in get_args(annotation) if arg is not type(None)))
    if origin is tuple or hasattr(annotation, "__metadata__"):
        return _bare(get_args(annotation)[0])
    return annotation
