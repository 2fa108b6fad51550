"""How a check says no, and how a learner's code can end: every ending is a type with facts.

Three kinds are never mixed: `Fail` and `Ended` are the learner's, `sandbox.interface.SandboxError`
is the platform's, and any other exception out of a check is the author's (`broken`).
"""

import numbers
from typing import NoReturn, Self

from graders.results import Location, Outcome, Param
from sandbox.interface import Limits, Stopped


class Fail(Exception):
    """The work is not good enough: the learner's failure, for a reason that has a message.

    `share` (0 to 1) is the part of the points that is earned all the same.
    """

    def __init__(
        self,
        reason: str,
        params: dict[str, Param] | None = None,
        *,
        share: float = 0.0,
        locations: tuple[Location, ...] = (),
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.params = params or {}
        self.share = share
        self.locations = locations


class Ended(Exception):
    """A learner's code did not come to its end: it raised, died, was stopped or broke a rule.

    Raised by the Workspace; grading turns it into `outcome`, with a reason of the common
    messages. A check may catch it where an ending is what it looks for.
    """

    def __init__(
        self,
        outcome: Outcome,
        reason: str,
        params: dict[str, Param] | None = None,
        *,
        locations: tuple[Location, ...] = (),
        output: str = "",
    ) -> None:
        super().__init__(f"{reason} {params or {}}")
        self.outcome = outcome
        self.reason = reason
        self.params = params or {}
        self.locations = locations
        self.output = output

    @classmethod
    def of_limit(cls, stopped: Stopped, *, target: str, limits: Limits, output: str = "") -> Self:
        """The end at a limit: time is a timeout, anything else a limit."""
        slow = stopped in (Stopped.WALL, Stopped.CPU)
        return cls(
            Outcome.TIMEOUT if slow else Outcome.LIMIT,
            stopped.value,
            {"target": target, "limit": getattr(limits, stopped.value)},
            output=output,
        )


def fail(
    reason: str,
    *,
    share: float = 0.0,
    at: Location | str | None = None,
    **params: Param | numbers.Number,
) -> NoReturn:
    """Say that the work is not good enough.

    `reason` names a message of the check in messages.yaml, and `params` fill its texts; NumPy
    scalars are fine. `share` keeps a part of the points. `at` is where to look: a `Location`, or
    ``"path"`` or ``"path:line"`` in the learner's project.
    """
    place = _location(at) if isinstance(at, str) else at
    clean = {name: plain(value) for name, value in params.items()}
    raise Fail(reason, clean, share=share, locations=(place,) if place else ())


def plain(value: object) -> Param:
    """A parameter as plain Python; NumPy scalars are unwrapped. Raises TypeError."""
    item = getattr(value, "item", None)
    if callable(item):
        value = item()
    if isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a parameter is a bool, int, float or str, not {type(value).__name__}")


def _location(text: str) -> Location:
    path, _, line = text.rpartition(":")
    return Location(path=path, line=int(line)) if path and line.isdigit() else Location(path=text)
