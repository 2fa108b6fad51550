"""How a learner's code ended, as the judge says it: `Ended` with facts.

In a hidden phase no text of the room is kept, not even an exception's, and of classes only those
of Python itself are named: a learner could name one after what it saw.
"""

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import pyarrow as pa

from graders.failures import Ended
from graders.results import Location, Outcome, Param, Phase
from graders.tables import UnfitTable, to_frame
from sandbox.interface import Finished, Limits, Raised, Returned

OPEN: Final = (Phase.INTAKE, Phase.STATIC, Phase.PUBLIC, Phase.TRAIN)
_TAIL: Final = 4_000
_NOT_FOUND: Final = ("AttributeError", "ImportError", "ModuleNotFoundError")
# What the room's side of the boundary says of a value that cannot leave it, and the reason for it.
_BOUNDARY: Final = {"NotPlain": "rejected", "TwoOfAName": "names_twice"}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Reads what ended in a phase; `files` are the project's, whose places may be named."""

    phase: Phase
    files: Mapping[str, bytes]

    def finished(
        self, finished: Finished, command: tuple[str, ...], *, limits: Limits, may_fail: bool
    ) -> Finished:
        """A command at its end. Raises Ended where a limit stopped it, or where it failed."""
        target = _short(command)
        output = self._output(finished)
        if finished.stopped:
            raise Ended.of_limit(finished.stopped, target=target, limits=limits, output=output)
        if finished.exit_code is None:
            ending = _ending(f"signal {finished.signal}")
            facts: dict[str, Param] = {"target": target, "ending": ending}
            raise Ended(Outcome.ERROR, "crashed", facts, output=output)
        if finished.exit_code != 0 and not may_fail:
            facts = {"command": target, "exit_code": finished.exit_code}
            raise Ended(Outcome.ERROR, "command_failed", facts, output=output)
        return finished

    def value(self, returned: Returned, target: str, *, limits: Limits) -> Any:  # noqa: ANN401
        """What a call answered; a table is a DataFrame. Raises Ended where it gave no value."""
        output = self._output(returned)
        if returned.stopped:
            raise Ended.of_limit(returned.stopped, target=target, limits=limits, output=output)
        if returned.raised:
            self._raised(returned.raised, target, output)
        if returned.crashed:
            facts: dict[str, Param] = {"target": target, "ending": _ending(returned.crashed)}
            raise Ended(Outcome.ERROR, "crashed", facts, output=output)
        if returned.rejected:  # in the open the rule may name a class of the learner's
            rule = _ending(returned.rejected) if self.phase in OPEN else "not-plain"
            raise Ended(Outcome.ERROR, "rejected", {"target": target, "rule": rule})
        try:
            return (
                to_frame(returned.value)
                if isinstance(returned.value, pa.Table)
                else returned.value
            )
        except UnfitTable as error:
            facts = {"target": target, "rule": str(error)}
            raise Ended(Outcome.ERROR, "rejected", facts) from None

    def _raised(self, raised: Raised, target: str, output: str) -> NoReturn:
        kind = raised.type.rpartition(".")[2]
        boundary = None if raised.frames else _BOUNDARY.get(kind)
        if self.phase in OPEN:
            output = f"{output}{raised.type}: {raised.message}"[-_TAIL:]
        elif not isinstance(getattr(builtins, kind, None), type):
            kind = "Exception"
        if target.endswith(".sql"):
            place = (Location(path=target),)
            facts: dict[str, Param] = {"path": target}
            raise Ended(Outcome.ERROR, "query_failed", facts, locations=place, output=output)
        if boundary:
            facts = {"target": target}
            facts |= {"rule": "not-plain"} if boundary == "rejected" else {}
            raise Ended(Outcome.ERROR, boundary, facts, output=output)
        own = self._own_places(raised)
        raise Ended(
            Outcome.ERROR,
            "not_found" if kind in _NOT_FOUND and not own else "raised",
            {"error": kind, "target": target},
            locations=own,
            output=output,
        )

    def _own_places(self, raised: Raised) -> tuple[Location, ...]:
        """Where in the project it was raised, the innermost first."""
        found = [
            Location(path=frame.path, line=frame.line)
            for frame in raised.frames
            if 0 < frame.line <= self.files.get(frame.path, b"").count(b"\n") + 1
            and frame.path in self.files
        ]
        return tuple(found[::-1])

    def _output(self, ended: Finished | Returned) -> str:
        """The end of what the code wrote; nothing at all in a hidden phase."""
        if self.phase not in OPEN:
            return ""
        text = ended.stdout[-_TAIL:] + ended.stderr[-_TAIL:]
        return text.decode("utf-8", errors="replace")[-_TAIL:]


def _ending(text: str) -> str:
    """A supervisor's words as one identifier: "exit code 3" is exit-code-3."""
    return "-".join("".join(c if c.isalnum() else " " for c in text).split())[:60] or "unknown"


def _short(command: tuple[str, ...]) -> str:
    """The part of a command that a person would name: the module or the file."""
    words = [word for word in command if not word.startswith("-")]
    return words[1] if len(words) > 1 and words[0] == "python" else words[0]
