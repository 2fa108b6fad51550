"""A grading's receipt: what the verdict rests on and what it was, so that anyone may replay it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from graders.basis import Basis, hidden_digest, work_digest
from graders.datasets import Datasets
from graders.quest import Facts, Quest
from graders.results import Blame, CheckResult, Clocks, Outcome, PhaseClocks, Readiness, Verdict
from sandbox.interface import Made

_SHOWN = 12  # digits of a digest in a sentence


class CannotReplay(Exception):
    """A receipt is not one, or does not fit what is here; the message is a sentence."""


class CheckLine(Facts):
    """How one check ended."""

    check: str
    outcome: Outcome
    points: float
    max_points: float
    reason: str | None


class Outcomes(Facts):
    """What the verdict was: what a replay must find again."""

    blame: Blame
    score: float
    readiness: Readiness
    passed: bool
    merit: bool
    checks: tuple[CheckLine, ...]


class Receipt(Facts):
    """Everything that a replay needs, but for the work itself."""

    schema_version: Literal["1"] = "1"
    basis: Basis
    development_only: bool
    verdict: Outcomes
    clocks: Clocks
    phases: tuple[PhaseClocks, ...]


def receipt_of(verdict: Verdict) -> Receipt | None:
    """The receipt of a verdict; None for one of before receipts were kept."""
    if verdict.basis is None:
        return None
    return Receipt(
        basis=verdict.basis,
        development_only=verdict.development_only,
        verdict=_outcomes(verdict),
        clocks=verdict.clocks,
        phases=verdict.phases,
    )


def write_receipt(receipt: Receipt) -> str:
    """A receipt as a JSON document."""
    return receipt.model_dump_json(indent=1) + "\n"


def read_receipt(path: Path) -> Receipt:
    """Read a receipt's file. Raises CannotReplay for what is none."""
    try:
        return Receipt.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CannotReplay(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise CannotReplay(f"{path} is no receipt: {place}: {first['msg']}") from None


def fit_quest(receipt: Receipt, quest: Quest) -> None:
    """Refuse a quest that is not the one of the receipt. Raises CannotReplay."""
    basis = receipt.basis
    if quest.slug != basis.quest:
        raise CannotReplay(f"the receipt is of the quest {basis.quest}; this is {quest.slug}")
    if quest.digest != basis.quest_digest:
        raise CannotReplay(
            f"the quest has changed: the receipt is of {basis.quest} {basis.quest_version}"
            f" ({_short(basis.quest_digest)}), here is {quest.version} ({_short(quest.digest)});"
            " take the copy that SIM_HOME/quests keeps by this digest"
        )


def fit_work(receipt: Receipt, files: Mapping[str, bytes]) -> None:
    """Refuse another work than was graded. Raises CannotReplay."""
    digest = work_digest(files)
    if digest != receipt.basis.work:
        raise CannotReplay(
            f"the work is another one: the receipt is of {_short(receipt.basis.work)}, these"
            f" {len(files)} files are {_short(digest)}"
        )


def fit_data(receipt: Receipt, datasets: Datasets) -> None:
    """Refuse other data than were graded on. Raises CannotReplay."""
    basis = receipt.basis
    if datasets.public != basis.public_data:
        raise CannotReplay(
            f"the public data differ: the receipt says {basis.public_data}, here are"
            f" {datasets.public}"
        )
    if hidden_digest(datasets) != basis.hidden_data:
        raise CannotReplay(
            "the hidden data differ: they follow from the installation's secret, so replay with"
            " the SIM_HOME or SIM_SECRET of the site that graded"
        )


def fit_rooms(receipt: Receipt, made: Made) -> None:
    """Refuse another runtime than the learner's code ran in. Raises CannotReplay."""
    known = {(room.runtime, room.digest) for room in receipt.basis.rooms}
    if known and (made.runtime, made.digest) not in known:
        before = ", ".join(f"{name} {_short(digest)}" for name, digest in sorted(known))
        raise CannotReplay(
            f"the runtime differs: the receipt says {before}, here is"
            f" {made.runtime} {_short(made.digest)}"
        )


def remarks(receipt: Receipt, basis: Basis) -> Iterator[str]:
    """What differs and may be why a replay ends otherwise, without forbidding it."""
    if receipt.basis.judge != basis.judge:
        yield "the judge's code is not the one that graded"
    if receipt.basis.inside not in ("", basis.inside):
        yield "our code inside the rooms is not the one of then"
    if receipt.basis.data not in ("", basis.data):
        yield "the tables hold other bytes: they were made by other versions of NumPy or Arrow"
    for name, version in receipt.basis.versions.items():
        if basis.versions.get(name) != version:
            yield f"{name} was {version}, is {basis.versions.get(name)}"


def differences(receipt: Receipt, verdict: Verdict) -> list[str]:
    """Where a replay's verdict is not the receipt's; none when it is the same."""
    before, after = receipt.verdict, _outcomes(verdict)
    found = [
        f"{name}: {getattr(before, name)} in the receipt, {getattr(after, name)} now"
        for name in ("blame", "score", "readiness", "passed", "merit")
        if getattr(before, name) != getattr(after, name)
    ]
    then = {line.check: line for line in before.checks}
    now = {line.check: line for line in after.checks}
    return found + [
        f"{name}: {_said(then.get(name))} in the receipt, {_said(now.get(name))} now"
        for name in dict.fromkeys([*then, *now])
        if then.get(name) != now.get(name)
    ]


def _outcomes(verdict: Verdict) -> Outcomes:
    return Outcomes(
        blame=verdict.blame,
        score=verdict.score,
        readiness=verdict.readiness,
        passed=verdict.passed,
        merit=verdict.merit,
        checks=tuple(_line(result) for result in verdict.results),
    )


def _line(result: CheckResult) -> CheckLine:
    return CheckLine(
        check=result.check,
        outcome=result.outcome,
        points=result.points,
        max_points=result.max_points,
        reason=result.reason,
    )


def _said(line: CheckLine | None) -> str:
    if line is None:
        return "not there"
    reason = f" ({line.reason})" if line.reason else ""
    return f"{line.outcome.value} {line.points:g}/{line.max_points:g}{reason}"


def _short(digest: str) -> str:
    return digest[:_SHOWN]
