"""Run a suite of tests in rooms of its own, and say how it ended: what `graders.own_tests` judges.

Only how pytest ended counts: its exit code, and that it has come to its end. What a run prints is
a claim, and names in it are repeated only as far as they stand in the learner's own files.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from graders.mutants import chosen
from graders.results import Location
from graders.rooms import Rooms
from graders.works import bugs, reference, variants
from graders.workspace import Workspace
from sandbox.interface import WARM_PYTEST, Finished, Limits, Room

FOLDER: Final = "tests/"
NOTHING: Final = 5  # pytest's exit code where there is no test
SOME_RED: Final = 1
_GREEN: Final = 0

_COMMAND: Final = (
    *("python", "-m", "pytest", "-q", "--tb=no", "-rfE", "--color=no", "--no-header"),
    *(*WARM_PYTEST, "-c", ".simulator.ini", "--rootdir=."),
)
_SETTINGS = {".simulator.ini": b"[pytest]\naddopts =\n"}  # ours: the learner's own are not read
_RED = re.compile(r"^(?:FAILED|ERROR) (?P<path>[^\s:]+)(?:::(?P<name>[\w:]+))?", re.M)
_PASSED = re.compile(rb"\b[1-9][0-9]* passed\b")


@dataclass(frozen=True, kw_only=True)
class Runs:
    """How the suite ended on the author's packages."""

    reference: Finished
    again: Finished  # the reference once more, in another room
    variants: tuple[Finished, ...]
    bugs: tuple[tuple[str, Finished], ...]  # the kind of the bug, and the run


def blind_runs(work: Workspace, tests: Mapping[str, bytes], *, seconds: float) -> Runs:
    """Every run of a suite on the author's packages: planted bugs, or mutants where none is.

    All by one command, which stops at the first red test: a suite that could tell a right package
    from one with a bug by how it is started would not be blind.
    """
    right = [reference(work.quest, work.stage)]
    other = variants(work.quest, work.stage)
    planted = bugs(work.quest, work.stage)
    planted = planted or chosen(work.quest, work.stage, seed=work.rooms.seed)
    projects = [with_tests(one.files, tests) for one in (*right, *right, *other, *planted)]
    ended = run_suite(work.rooms, projects, seconds=seconds)
    first = 2 + len(other)
    kinds = [str(one.bug_kind) for one in planted]
    return Runs(
        reference=ended[0],
        again=ended[1],
        variants=tuple(ended[2:first]),
        bugs=tuple(zip(kinds, ended[first:], strict=True)),
    )


def run_suite(
    rooms: Rooms, projects: Sequence[Mapping[str, bytes]], *, seconds: float
) -> list[Finished]:
    """How ``tests/`` of each project end, each in a room of its own; at the first red test.

    Asserts are left as they are: pytest rewrites them for what it says of them, and nobody reads
    that here. It is an eighth of what a run costs.
    """
    limits = limits_of(rooms, seconds)
    projects = [{**project, **_SETTINGS} for project in projects]
    return rooms.each(projects, lambda room: run(room, limits, "-x", "--assert=plain"))


def run(room: Room, limits: Limits, *options: str) -> Finished:
    """Run ``tests/`` of the project in a room."""
    return room.run(*_COMMAND, *options, FOLDER, limits=limits)


def run_all(work: Workspace, project: Mapping[str, bytes], *, seconds: float) -> Finished:
    """Run ``tests/`` of one project to the end, for what is said of them."""
    with work.rooms.fresh({**project, **_SETTINGS}, data=None) as room:
        return work.rooms.step(lambda: run(room, limits_of(work.rooms, seconds)))


def with_tests(project: Mapping[str, bytes], tests: Mapping[str, bytes]) -> dict[str, bytes]:
    """A project whose tests are these and no others."""
    package = {path: body for path, body in project.items() if not path.startswith(FOLDER)}
    return {**package, **tests}


def without_settings(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The project without what would tell pytest what to do from outside `tests/`."""
    return {path: body for path, body in files.items() if not path.endswith("conftest.py")}


def limits_of(rooms: Rooms, seconds: float) -> Limits:
    """The stage's limits, with less time."""
    return replace(rooms.limits, wall_seconds=min(seconds, rooms.limits.wall_seconds))


def is_green(run: Finished) -> bool:
    """Green, and not only gone with code 0: pytest has come to its end and counts what passed."""
    return run.stopped is None and run.exit_code == _GREEN and bool(_PASSED.search(run.stdout))


def is_red(run: Finished) -> bool:
    """A test failed, or the bug kept the suite from its end: it would not go unseen either."""
    return not is_green(run) and run.exit_code != NOTHING


def is_test_red(run: Finished) -> bool:
    """A test failed and the suite came to its end."""
    return run.stopped is None and run.exit_code == SOME_RED


def red_places(run: Finished, work: Workspace) -> tuple[Location, ...]:
    """Where the tests stand that a run calls red."""
    return tuple(place for _, place in red_tests(run, work)[:20])


def red_tests(run: Finished, work: Workspace) -> list[tuple[str, Location]]:
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
