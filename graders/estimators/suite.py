"""scikit-learn's own estimator checks, run where the learner's code is, and so not believed.

A report that comes out of a learner's process is a claim. Three things make it hard to lie in one:

* what has to be in it is found elsewhere: the checks that an estimator of ours passes, in a room
  without the project. Tags that switch checks off, or a list that was cut, are so told;
* the same class is judged in eight rooms, and in seven of them it breaches the contract in a way
  that one check is there to notice. A project that has made checks say yes fails by these;
* the functions that checks stand on are compared before and after the project was imported.

Whoever knows which breaches there are, and spares exactly the checks that notice them, can still
forge the others: so `keeps_contract` asks about what matters from outside, and is worth more.
"""

import functools
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Unpack

from graders.checking import Check
from graders.failures import Fail
from graders.ready import Terms, ready
from graders.results import Group
from graders.rooms import Rooms
from graders.workspace import Workspace
from sandbox.interface import Returned, Room, SandboxError

KindOfEstimator = Literal["classifier", "regressor", "transformer"]
BREACHES: Mapping[str, str] = {
    "answers_unfitted": "check_estimators_unfitted",
    "returns_nothing": "check_estimators_fit_returns_self",
    "first_for_all": "check_methods_subset_invariance",
    "adds_attributes": "check_dont_overwrite_parameters",
    "notes_questions": "check_dict_unchanged",
    "takes_gaps": "check_estimators_nan_inf",
    "turns_answers": "check_fit_idempotent",
}
"""How the contract is breached in the rooms where it is, and the check that notices."""

_INSIDE = Path(__file__).parents[1] / "inside"
_UNFITTED_TRANSFORMER = "check_transformers_unfitted"
_STATUSES = ("passed", "failed", "skipped")
_A_CHECK = 0.1  # of the points, for each check that fails


def passes_sklearn(
    target: str,
    *,
    kind: KindOfEstimator,
    excused: Sequence[str] = (),
    **terms: Unpack[Terms],
) -> Check:
    """The class at `target` passes scikit-learn's own estimator checks.

    `target` is like ``"app.model:NearestMean"``, made without arguments; `excused` names checks
    that it need not pass (``check_estimators_nan_inf`` where gaps are welcome). Each check that
    fails costs a tenth of the points. Proves what the module's docstring says, no more. Costs nine
    rooms. Reasons: checks_touched, checks_avoided, checks_blind, checks_failed.

        fits_in = passes_sklearn("app.model:NearestMean", kind="classifier", points=10)
    """
    if kind not in ("classifier", "regressor", "transformer"):
        raise ValueError(f"there is no kind {kind!r} of estimators")

    def judge(work: Workspace) -> None:
        required = required_of(work.rooms, kind) - set(excused)
        planted = {name: _noticing(name, kind) for name in BREACHES}
        planted = {name: check for name, check in planted.items() if check in required}
        (said,) = _reports(work, target, [None])
        _judge(_checks(work.value_of(said, target=target)), required, excused)
        noticed = zip(planted.values(), _reports(work, target, [*planted]), strict=True)
        blind = [check for check, report in noticed if _status(report, check) != "failed"]
        if blind:
            counts = {"missed": len(blind), "planted": len(planted)}
            raise Fail("checks_blind", {"check": blind[0], **counts})

    return ready(judge, terms, name="passes_sklearn", group=Group.PRODUCTION, kind="contract")


def required_of(rooms: Rooms, kind: KindOfEstimator) -> set[str]:
    """The checks that an estimator of ours passes, in a room without a project.

    Raises SandboxError.
    """
    tool = _tool_name()
    with rooms.apart(rooms.limits) as room:
        room.upload({f"{tool}.py": _suite(None), "_standins.py": _text("estimator_standins")})
        returned = room.call(f"{tool}:run", f"_standins:{kind.title()}", 0, limits=rooms.limits)
    checks = _form(returned.value)
    if not returned.ok or checks is None:
        raise SandboxError(f"scikit-learn's checks did not run: {returned.raised}")
    return {name for name, status in checks.items() if status == "passed"}


def _judge(own: Mapping[str, str], required: set[str], excused: Sequence[str]) -> None:
    """What the honest room says: complete, and without a failure."""
    absent = sorted(name for name in required if own.get(name) not in ("passed", "failed"))
    if absent:
        raise Fail("checks_avoided", {"check": absent[0], "missing": len(absent)})
    failed = sorted(n for n, status in own.items() if status == "failed" and n not in excused)
    if failed:
        share = max(0.0, 1 - _A_CHECK * len(failed))
        counts = {"failed": len(failed), "total": len(own)}
        raise Fail("checks_failed", {"check": failed[0], **counts}, share=share)


def _reports(work: Workspace, target: str, breaches: Sequence[str | None]) -> list[Returned]:
    """What each room says, in the order of `breaches`; all alike but for the breach."""
    tool = _tool_name()
    limits, seed = work.rooms.limits, work.rooms.seed
    projects = [{**work.files, f"{tool}.py": _suite(breach)} for breach in breaches]

    def ask(room: Room) -> Returned:
        return room.call(f"{tool}:run", target, seed, limits=limits)

    return work.rooms.each(projects, ask)


def _checks(report: object) -> Mapping[str, str]:
    checks = _form(report)
    if checks is None or not isinstance(report, dict) or report.get("touched") is not False:
        raise Fail("checks_touched")
    return checks


def _form(report: object) -> dict[str, str] | None:
    """The statuses by the name of a check, if that is what a report holds."""
    checks: Any = report.get("checks") if isinstance(report, dict) else None
    plain = isinstance(checks, dict) and all(status in _STATUSES for status in checks.values())
    return checks if plain else None


def _status(returned: Returned, check: str) -> str:
    """What a room says of a check; a room that has no report says nothing."""
    return (_form(returned.value) or {}).get(check, "")


def _noticing(breach: str, kind: KindOfEstimator) -> str:
    unfitted = breach == "answers_unfitted" and kind == "transformer"
    return _UNFITTED_TRANSFORMER if unfitted else BREACHES[breach]


def _tool_name() -> str:
    """A name that no project can have taken."""
    return f"_suite_{secrets.token_hex(8)}"


def _suite(breach: str | None) -> bytes:
    unset, set_ = b"BREACH: str | None = None", f"BREACH: str | None = {breach!r}".encode()
    return _text("estimator_suite").replace(unset, set_, 1)


@functools.cache
def _text(tool: str) -> bytes:
    return (_INSIDE / f"{tool}.py").read_bytes()
