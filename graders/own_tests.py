"""Ready-made checks of a learner's own tests; the main ones judge them blind.

    from graders import own_tests

    written = own_tests.written(points=3)
    green = own_tests.green(points=5)
    valid = own_tests.valid(points=10)          # green on every right way of doing it
    catches = own_tests.catches(points=20)      # red on planted bugs

Blind: the learner's `tests/` run, in rooms of their own and in a random order, against the
author's package: the reference, other right ways (``variants/``) and ones with a planted bug
(``bugs/<id>_<kind>/``). Only which of them went red counts, so nothing that a test prints, patches
or forges can earn a point: it cannot know which of them it has before it. No text of these rooms
is kept, for it may quote the author's code. The texts are in ``graders/messages/own_tests.yaml``.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from graders.checking import Check, Praise
from graders.failures import Ended, Fail
from graders.results import Group, Kind, Location, Outcome, Param, Phase, Severity
from graders.works import bugs, reference, variants
from graders.workspace import Workspace
from sandbox.interface import WARM_PYTEST, Finished, Limits, Room, SandboxError

FOLDER = "tests/"
SECONDS = 30.0
ENOUGH = 0.9

_COMMAND = (
    *("python", "-m", "pytest", "-q", "--tb=no", "-rfE", "--color=no", "--no-header"),
    *(*WARM_PYTEST, "-c", ".simulator.ini", "--rootdir=."),
)
_SETTINGS = {".simulator.ini": b"[pytest]\naddopts =\n"}  # ours: the learner's own are not read
_RED = re.compile(r"^(?:FAILED|ERROR) (?P<path>[^\s:]+)(?:::(?P<name>[\w:]+))?", re.M)
_PASSED = re.compile(rb"\b[1-9][0-9]* passed\b")
_GREEN, _SOME_RED, _NOTHING = 0, 1, 5  # pytest's exit codes
_TOOL = Path(__file__).parent / "inside" / "suite.py"


class Written(BaseModel):
    """A test function as the static tool read it."""

    model_config = ConfigDict(strict=True, frozen=True)
    name: str = Field(max_length=300)
    line: int
    asserts: bool
    marks: list[str]


@dataclass(frozen=True, kw_only=True)
class Runs:
    """How the suite ended on the author's packages."""

    reference: Finished
    again: Finished  # the reference once more, in another room
    variants: tuple[Finished, ...]
    bugs: tuple[tuple[str, Finished], ...]  # the kind of the bug, and the run


def written(
    *,
    points: float,
    least: int = 3,
    kinds: Sequence[str] = (),
    severity: Severity = Severity.MAJOR,
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
    severity: Severity = Severity.MAJOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """The tests pass on the learner's own code; the output is shown."""

    def judge(work: Workspace) -> None:
        files = _with_tests(_without_settings(work.files), _tests_of(work))
        with work.rooms.fresh(files, data=None) as room:
            finished = work.rooms.step(lambda: _run(room, _limits(work, seconds)))
        _ended_at_a_limit(finished, work, seconds)
        output = finished.stdout.decode(errors="replace")[-4000:]
        if finished.exit_code == _NOTHING:
            raise Ended(Outcome.FAILED, "none_found", output=output)
        if finished.exit_code == _SOME_RED:
            red = _red(finished, work)
            raise Ended(
                Outcome.FAILED,
                "red",
                {"failed": max(1, len(red)), "name": red[0][0] if red else "?"},
                locations=tuple(place for _, place in red[:20]),
                output=output,
            )
        if not _is_green(finished):
            raise Ended(Outcome.FAILED, "not_collected", output=output)

    return _library("own_tests_green", judge, points, severity, needs, Phase.PUBLIC)


def valid(
    *,
    points: float,
    seconds: float = SECONDS,
    severity: Severity = Severity.MAJOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """The tests pass on every right way of doing the work, and do so each time."""

    def judge(work: Workspace) -> None:
        runs = _runs(work, seconds)
        _ended_at_a_limit(runs.reference, work, seconds)
        _must_be_green(runs.reference, work)
        if not _is_green(runs.again):
            raise Fail("flaky", {}, locations=_places(runs.again, work))
        brittle = [run for run in runs.variants if not _is_green(run)]
        if brittle:
            raise Fail(
                "brittle",
                {"red": len(brittle), "total": len(runs.variants)},
                share=0.5 * (1 - len(brittle) / len(runs.variants)),
                locations=tuple(dict.fromkeys(p for run in brittle for p in _places(run, work))),
            )

    return _library("own_tests_valid", judge, points, severity, needs, Phase.OWN_TESTS)


def catches(
    *,
    points: float,
    enough: float = ENOUGH,
    seconds: float = SECONDS,
    severity: Severity = Severity.MAJOR,
    needs: Sequence[Check | str] = ("own_tests_valid",),
) -> Check:
    """The tests go red on planted bugs: points grow with the share caught, flat from `enough`.

    Says how many were caught and of which kinds none was, never which. A suite that is red on
    the reference catches nothing, which is why this check needs `valid`.
    """
    if not 0 < enough <= 1:
        raise ValueError(f"enough is a share above 0, not {enough}")

    def judge(work: Workspace) -> Praise:
        runs = _runs(work, seconds)
        caught = [kind for kind, run in runs.bugs if _is_red(run)]
        if not runs.bugs:
            raise ValueError(f"the quest plants no bug for the stage {work.stage.slug}")
        facts: dict[str, Param] = {"caught": len(caught), "total": len(runs.bugs)}
        missed = sorted({kind for kind, _ in runs.bugs} - set(caught))
        share = min(1.0, len(caught) / len(runs.bugs) / enough)
        if missed:
            facts |= {"kinds": ", ".join(missed), "missing": len(missed)}
            raise Fail("kinds_not_caught", facts, share=min(share, 0.99))
        if share < 1:
            raise Fail("bugs_not_caught", facts, share=share)
        return Praise(reason="caught", params=facts)

    return _library("own_tests_catch", judge, points, severity, needs, Phase.OWN_TESTS)


def _runs(work: Workspace, seconds: float) -> Runs:
    """Every run of the suite, once a grading, for the checks that look at them."""
    return work.once(("own_tests.runs", seconds), lambda: _run_all(work, seconds))


def _run_all(work: Workspace, seconds: float) -> Runs:
    right = [reference(work.quest, work.stage)]
    other = variants(work.quest, work.stage)
    planted = bugs(work.quest, work.stage)
    tests = _tests_of(work)
    projects = [_with_tests(one.files, tests) for one in (*right, *right, *other, *planted)]
    limits = _limits(work, seconds)
    ended = work.rooms.each(projects, lambda room: _run(room, limits))
    first = 2 + len(other)
    kinds = [str(one.bug_kind) for one in planted]
    return Runs(
        reference=ended[0],
        again=ended[1],
        variants=tuple(ended[2:first]),
        bugs=tuple(zip(kinds, ended[first:], strict=True)),
    )


def _tests_of(work: Workspace) -> dict[str, bytes]:
    tests = {path: body for path, body in work.files.items() if path.startswith(FOLDER)}
    if not tests:
        raise Fail("none_found", {})
    return tests


def _with_tests(project: Mapping[str, bytes], tests: Mapping[str, bytes]) -> dict[str, bytes]:
    """A project whose tests are these and no others."""
    package = {path: body for path, body in project.items() if not path.startswith(FOLDER)}
    return {**package, **tests, **_SETTINGS}


def _without_settings(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The project without what would tell pytest what to do from outside `tests/`."""
    return {path: body for path, body in files.items() if not path.endswith("conftest.py")}


def _run(room: Room, limits: Limits) -> Finished:
    return room.run(*_COMMAND, FOLDER, limits=limits)


def _limits(work: Workspace, seconds: float) -> Limits:
    limits = work.rooms.limits
    return replace(limits, wall_seconds=min(seconds, limits.wall_seconds))


def _is_green(run: Finished) -> bool:
    """Green, and not only gone with code 0: pytest has come to its end and counts what passed."""
    return run.stopped is None and run.exit_code == _GREEN and bool(_PASSED.search(run.stdout))


def _is_red(run: Finished) -> bool:
    """A test failed, or the bug kept the suite from its end: it would not go unseen either."""
    return not _is_green(run) and run.exit_code != _NOTHING


def _must_be_green(run: Finished, work: Workspace) -> None:
    if _is_green(run):
        return
    if run.exit_code == _NOTHING:
        raise Fail("none_found", {})
    red = _red(run, work)
    if run.exit_code != _SOME_RED:
        raise Fail("not_collected", {}, locations=tuple(place for _, place in red[:20]))
    raise Fail(
        "red_on_reference",
        {"failed": max(1, len(red)), "name": red[0][0] if red else "?"},
        locations=tuple(place for _, place in red[:20]),
    )


def _ended_at_a_limit(run: Finished, work: Workspace, seconds: float) -> None:
    if run.stopped:
        raise Ended.of_limit(run.stopped, target="pytest", limits=_limits(work, seconds))


def _places(run: Finished, work: Workspace) -> tuple[Location, ...]:
    return tuple(place for _, place in _red(run, work)[:20])


def _red(run: Finished, work: Workspace) -> list[tuple[str, Location]]:
    """The tests that a run calls red, as far as they stand in the learner's own files.

    What a run prints is a claim; a name that is no test function of the project is not repeated,
    for a test could be named, or parametrized, after what it has seen.
    """
    found = {}
    for match in _RED.finditer(run.stdout.decode(errors="replace")):
        path, name = match["path"], (match["name"] or "").rpartition(":")[2]
        text = work.files.get(path, b"").decode(errors="replace") if name else ""
        defined = re.search(rf"^[ \t]*(?:async )?def {re.escape(name)}\b", text, re.M)
        if name and defined:
            line = text.count("\n", 0, defined.start()) + 1
            found[name] = Location(path=path, line=line)
        elif path in work.files:
            found.setdefault(path, Location(path=path))
    return list(found.items())


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
    severity: Severity,
    needs: Sequence[Check | str],
    phase: Phase,
) -> Check:
    return Check(
        name=name,
        judge=judge,
        group=Group.TESTS,
        points=points,
        severity=Severity(severity),
        kind=Kind.STATIC if phase is Phase.STATIC else Kind.MUTATION,
        needs=tuple(need if isinstance(need, str) else need.name for need in needs),
        phase=phase,
        about=name.replace("_", " "),
    )
