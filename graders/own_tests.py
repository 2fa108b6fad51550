"""Ready-made checks of a learner's own tests; the main ones judge them blind.

    from graders import own_tests

    written = own_tests.written(points=3)
    green = own_tests.green(points=5)
    valid = own_tests.valid(points=10)          # green on every right way of doing it
    catches = own_tests.catches(points=20)      # red on planted bugs

Blind: the learner's `tests/` run, in rooms of their own and in a random order, against the
author's package: the reference, other right ways (``variants/``) and ones with a planted bug
(``bugs/<id>_<kind>/``), or with generated bugs where none is planted (`graders.mutants`). Only
which of them went red counts, so nothing that a test prints, patches or forges can earn a point:
it cannot know which of them it has before it, and what it covers is not asked. No text of these
rooms is kept, for it may quote the author's code. The texts are in
``graders/messages/own_tests.yaml``.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from graders.checking import Check, KindName, Praise, SeverityName
from graders.failures import Ended, Fail
from graders.mutants import KINDS as MUTANT_KINDS
from graders.ready import Terms, ready
from graders.results import Group, Location, Outcome, Param, Phase, Severity
from graders.suites import (
    FOLDER,
    NOTHING,
    SOME_RED,
    Runs,
    blind_runs,
    is_green,
    is_red,
    limits_of,
    red_places,
    red_tests,
    run_all,
    with_tests,
    without_settings,
)
from graders.works import BUG_KINDS, reference
from graders.workspace import Workspace
from sandbox.interface import Finished, SandboxError

SECONDS = 30.0
ENOUGH = 0.9

_TOOL = Path(__file__).parent / "inside" / "suite.py"


class Written(BaseModel):
    """A test function as the static tool read it."""

    model_config = ConfigDict(strict=True, frozen=True)
    name: str = Field(max_length=300)
    line: int
    asserts: bool
    marks: list[str]


def written(
    *,
    points: float,
    least: int = 3,
    kinds: Sequence[str] = (),
    severity: Severity | SeverityName = Severity.MAJOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """There are tests that assert something, and of each of `kinds` one that is marked so.

    A kind is a mark: ``@pytest.mark.invariance``. Static phase; nothing is run.
    """

    def judge(work: Workspace) -> None:
        found = _suite(work)
        tests = [(path, test) for path, some in found.items() for test in some]
        if len(tests) < least:
            raise Fail("too_few", {"found": len(tests), "least": least})
        empty = [(path, test) for path, test in tests if not test.asserts]
        if empty:
            raise Fail(
                "asserts_nothing",
                {"name": empty[0][1].name, "found": len(empty), "total": len(tests)},
                share=1 - len(empty) / len(tests),
                locations=tuple(Location(path=path, line=t.line) for path, t in empty[:20]),
            )
        absent = [kind for kind in kinds if not any(kind in test.marks for _, test in tests)]
        if absent:
            share = 1 - len(absent) / len(kinds)
            raise Fail(
                "kinds_missing",
                {"kinds": ", ".join(absent), "missing": len(absent)},
                share=share,
            )

    return _library("own_tests_written", judge, points, severity, needs, Phase.STATIC)


def green(
    *,
    points: float,
    seconds: float = SECONDS,
    severity: Severity | SeverityName = Severity.MAJOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """The tests pass on the learner's own code; the output is shown."""

    def judge(work: Workspace) -> None:
        project = with_tests(without_settings(work.files), _tests_of(work))
        finished = run_all(work, project, seconds=seconds)
        _ended_at_a_limit(finished, work, seconds)
        output = finished.stdout.decode(errors="replace")[-4000:]
        if finished.exit_code == NOTHING:
            raise Ended(Outcome.FAILED, "none_found", output=output)
        if finished.exit_code == SOME_RED:
            red = red_tests(finished, work)
            raise Ended(
                Outcome.FAILED,
                "red",
                {"failed": max(1, len(red)), "name": red[0][0] if red else "?"},
                locations=tuple(place for _, place in red[:20]),
                output=output,
            )
        if not is_green(finished):
            raise Ended(Outcome.FAILED, "not_collected", output=output)

    return _library("own_tests_green", judge, points, severity, needs, Phase.PUBLIC)


def valid(
    *,
    points: float,
    seconds: float = SECONDS,
    severity: Severity | SeverityName = Severity.MAJOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """The tests pass on every right way of doing the work, and do so each time."""

    def judge(work: Workspace) -> None:
        runs = _runs(work, seconds)
        _ended_at_a_limit(runs.reference, work, seconds)
        _must_be_green(runs.reference, work, seconds)
        if not is_green(runs.again):
            raise Fail("flaky", {}, locations=red_places(runs.again, work))
        brittle = [run for run in runs.variants if not is_green(run)]
        if brittle:
            raise Fail(
                "brittle",
                {"red": len(brittle), "total": len(runs.variants)},
                share=0.5 * (1 - len(brittle) / len(runs.variants)),
                locations=tuple(
                    dict.fromkeys(p for run in brittle for p in red_places(run, work))
                ),
            )

    return _library("own_tests_valid", judge, points, severity, needs, Phase.OWN_TESTS)


def catches(
    *,
    points: float,
    enough: float = ENOUGH,
    seconds: float = SECONDS,
    severity: Severity | SeverityName = Severity.MAJOR,
    needs: Sequence[Check | str] = ("own_tests_valid",),
) -> Check:
    """The tests go red on planted bugs: points grow with the share caught, flat from `enough`.

    A bug's kind says what sort of test finds it: exact, consistency, invariance, directional,
    negation, unit, regression, smoke. Where no bug is planted, ten generated ones are asked, drawn
    by the grading's seed; their kinds are what was changed: boundary, condition, arithmetic,
    constant, loop, exception. Says how many were caught and of which kinds none was, never which.
    A suite that is red on the reference catches nothing, which is why this check needs `valid`.
    Reasons: caught (praise), bugs_not_caught, kinds_not_caught, misses_<kind> where it is one.
    """
    if not 0 < enough <= 1:
        raise ValueError(f"enough is a share above 0, not {enough}")

    def judge(work: Workspace) -> Praise:
        runs = _runs(work, seconds)
        caught = [kind for kind, run in runs.bugs if is_red(run)]
        if not runs.bugs:
            raise ValueError(
                f"the quest plants no bug for the stage {work.stage.slug} and keeps no mutants: "
                f"python -m graders.mutating {work.quest.folder} --stage {work.stage.slug}"
            )
        facts: dict[str, Param] = {"caught": len(caught), "total": len(runs.bugs)}
        unseen = {kind for kind, _ in runs.bugs} - set(caught)
        missed = [kind for kind in (*BUG_KINDS, *MUTANT_KINDS) if kind in unseen]
        share = min(1.0, len(caught) / len(runs.bugs) / enough)
        if missed:
            facts |= {"kinds": ", ".join(missed), "missing": len(missed)}
            reason = f"misses_{missed[0]}" if len(missed) == 1 else "kinds_not_caught"
            raise Fail(reason, facts, share=min(share, 0.99))
        if share < 1:
            raise Fail("bugs_not_caught", facts, share=share)
        return Praise(reason="caught", params=facts)

    return _library("own_tests_catch", judge, points, severity, needs, Phase.OWN_TESTS)


def _runs(work: Workspace, seconds: float) -> Runs:
    """Every run of the suite, once a grading, for the checks that look at them."""
    return work.once(
        ("own_tests.runs", seconds),
        lambda: blind_runs(work, _tests_of(work), seconds=seconds),
    )


def _tests_of(work: Workspace) -> dict[str, bytes]:
    tests = {path: body for path, body in work.files.items() if path.startswith(FOLDER)}
    if not tests:
        raise Fail("none_found", {})
    return tests


def _must_be_green(run: Finished, work: Workspace, seconds: float) -> None:
    if is_green(run):
        return
    if run.exit_code == NOTHING:
        raise Fail("none_found", {})
    if run.exit_code == SOME_RED:  # it stopped at the first: how many are they?
        right = reference(work.quest, work.stage).files
        run = run_all(work, with_tests(right, _tests_of(work)), seconds=seconds)
        _ended_at_a_limit(run, work, seconds)
    red = red_tests(run, work)
    if run.exit_code != SOME_RED:
        raise Fail("not_collected", {}, locations=tuple(place for _, place in red[:20]))
    raise Fail(
        "red_on_reference",
        {"failed": max(1, len(red)), "name": red[0][0] if red else "?"},
        locations=tuple(place for _, place in red[:20]),
    )


def _ended_at_a_limit(run: Finished, work: Workspace, seconds: float) -> None:
    if run.stopped:
        raise Ended.of_limit(run.stopped, target="pytest", limits=limits_of(work.rooms, seconds))


def _suite(work: Workspace) -> dict[str, list[Written]]:
    """The learner's test functions, read once a grading in a room that runs none of them."""
    return work.once("own_tests.suite", lambda: _read_suite(work))


def _read_suite(work: Workspace) -> dict[str, list[Written]]:
    tests = {f"work/{path}": body for path, body in _tests_of(work).items()}
    limits = work.rooms.limits
    with work.rooms.fresh({**tests, "_suite.py": _TOOL.read_bytes()}, data=None) as room:
        returned = work.rooms.step(lambda: room.call("_suite:suite", "work", limits=limits))
    if returned.stopped:
        raise Ended.of_limit(returned.stopped, target="ast.parse", limits=limits)
    try:
        return TypeAdapter(dict[str, list[Written]]).validate_python(returned.value)
    except ValidationError as error:
        raise SandboxError("the tool that reads tests answered out of form") from error


def _library(
    name: str,
    judge: Callable[[Workspace], Praise | None],
    points: float,
    severity: Severity | SeverityName,
    needs: Sequence[Check | str],
    phase: Phase,
) -> Check:
    terms: Terms = {
        "points": points,
        "severity": Severity(severity),
        "needs": needs,
        "phase": phase,
    }
    kind: KindName = "static" if phase is Phase.STATIC else "mutation"
    return ready(judge, terms, name=name, group=Group.TESTS, kind=kind)
