"""What a room may answer to what it was asked: the protocol's states and the form of each answer.

A warden is ours, but it stands nearest to the learner: the caller takes nothing on trust. An
answer that is not expected, too long or out of form raises Violation, and ends the room.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from sandbox import unpacking
from sandbox.agent.caps import LARGEST_ANSWER, LARGEST_VALUE, LONGEST_NAME, MOST_HEAD
from sandbox.agent.frames import HEAD_LENGTH, Verb, Violation
from sandbox.agent.http1 import MOST_HEADERS
from sandbox.interface import (
    Answer,
    Finished,
    Heard,
    Limits,
    Made,
    Returned,
    Stopped,
    Unanswered,
    Usage,
)

_Read = TypeVar("_Read")
_DONE = frozenset({Verb.DONE, Verb.REFUSED, Verb.BROKEN})
HEADS: Final = HEAD_LENGTH.size + MOST_HEAD

# What may be heard after what was asked; None is the beginning, when nothing was.
EXPECTED: Final[Mapping[Verb | None, frozenset[Verb]]] = {
    None: frozenset({Verb.OPENED, Verb.BROKEN}),
    Verb.UPLOAD: _DONE,
    Verb.RUN: _DONE,
    Verb.CALL: _DONE,
    Verb.SERVE: _DONE,
    Verb.REQUEST: _DONE,
    Verb.STOP: _DONE,
    Verb.READ: _DONE,
    Verb.FILES: _DONE,
}


@dataclass(frozen=True)
class Asked:
    """What the caller waits for: the answer to a verb, and how long it may be in all."""

    verb: Verb | None
    most: int

    def check(self, heard: Verb) -> None:
        """Hold an answer to the protocol. Raises Violation."""
        if heard not in EXPECTED[self.verb]:
            asked = self.verb.name if self.verb else "nothing"
            raise Violation(f"{heard.name} is no answer to {asked}")


def asked(verb: Verb | None, *, limits: Limits, max_bytes: int = 0) -> Asked:
    """What may follow a verb under a room's limits; `max_bytes` is of the files that are read."""
    said = limits.output_kb * 1024
    body = {
        Verb.RUN: said,
        Verb.CALL: said + LARGEST_VALUE,
        Verb.SERVE: said,
        Verb.STOP: said,
        Verb.REQUEST: LARGEST_ANSWER,
        Verb.READ: max_bytes,
        Verb.FILES: max_bytes,
    }
    return Asked(verb, HEADS + (body.get(verb, 0) if verb else 0))


def in_form(read: Callable[[], _Read]) -> _Read:
    """Read an answer. Raises Violation where something is missing or of another kind."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise Violation(f"an answer out of form: {type(error).__name__}") from None


def made(head: Mapping[str, Any]) -> Made:
    """Where a room was made."""
    return Made(**head)


def rule(head: Mapping[str, Any]) -> str:
    """Why something was refused."""
    return str(head["rule"])


def finished(head: Mapping[str, Any], rest: bytes) -> Finished:
    """How a command ended."""
    out, error = _cut(rest, head["said"])
    return Finished(
        exit_code=_whole(head["exit_code"]),
        signal=_whole(head["signal"]),
        stopped=_stopped(head),
        stdout=out,
        stderr=error,
        usage=Usage(**head["usage"]),
    )


def returned(head: Mapping[str, Any], rest: bytes) -> Returned:
    """How a call ended; what the learner's process claims goes through `unpacking`."""
    body, out, error = _cut(rest, [head["size"], *head["said"]])
    plain = Returned(stdout=out, stderr=error, usage=Usage(**head["usage"]))
    if head["stopped"]:
        return replace(plain, stopped=_stopped(head))
    if head["rejected"]:
        return replace(plain, rejected=str(head["rejected"]))
    if head["crashed"]:
        return replace(plain, crashed=str(head["crashed"]))
    return _claimed(plain, str(head["kind"]), body)


def up(head: Mapping[str, Any]) -> float:
    """How long a service took to come up."""
    seconds = float(head["seconds"])
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError("no time")
    return seconds


def served(head: Mapping[str, Any], rest: bytes, *, asked: int) -> list[Heard]:
    """What a service answered to so many requests."""
    told = head["answers"]
    if len(told) != asked:
        raise ValueError("not as many answers as requests")
    bodies = _cut(rest, [each["size"] for each in told])
    return [_heard(each, body) for each, body in zip(told, bodies, strict=True)]


def _heard(told: Mapping[str, Any], body: bytes) -> Heard:
    seconds, at = float(told["seconds"]), float(told["at"])
    if not (math.isfinite(seconds) and seconds >= 0 and math.isfinite(at)):
        raise ValueError("no time")
    if "down" in told:
        return Unanswered(why=str(told["down"])[:LONGEST_NAME], seconds=seconds, at=at)
    status, headers = told["status"], told["headers"]
    if type(status) is not int or not 200 <= status <= 599 or len(headers) > MOST_HEADERS:  # noqa: PLR2004 - of HTTP
        raise ValueError("no answer of HTTP")
    named = {str(name): str(text) for name, text in headers}
    return Answer(status=status, headers=named, body=body, seconds=seconds, at=at)


def files(head: Mapping[str, Any], rest: bytes) -> dict[str, bytes]:
    """The files of a folder, by their path in it."""
    names = [str(name) for name, _ in head["files"]]
    if len(set(names)) != len(names):
        raise ValueError("a file that stands twice")
    return dict(zip(names, _cut(rest, [size for _, size in head["files"]]), strict=True))


def _cut(rest: bytes, sizes: list[int]) -> list[bytes]:
    """Cut a body into the parts that its head names: all of it, and nothing beyond."""
    if any(type(size) is not int or size < 0 for size in sizes) or sum(sizes) != len(rest):
        raise ValueError("parts that are not the whole")
    parts, start = [], 0
    for size in sizes:
        parts.append(rest[start : start + size])
        start += size
    return parts


def _claimed(plain: Returned, kind: str, body: bytes) -> Returned:
    try:
        if kind == "R":
            return replace(plain, raised=unpacking.raised(body))
        return replace(plain, value=unpacking.value(body))
    except unpacking.Rejected as broken:
        return replace(plain, rejected=str(broken))


def _whole(number: object) -> int | None:
    if number is None or type(number) is int:
        return number
    raise TypeError("no whole number")


def _stopped(head: Mapping[str, Any]) -> Stopped | None:
    return Stopped(head["stopped"]) if head["stopped"] else None
