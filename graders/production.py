"""Ready-made checks of production-readiness: an author adds one with a line in checks.py.

    from graders import production

    style = production.lint(points=4)
    doors = production.documented(points=4)

Each answers a `Check` of the static phase with a fixed name, whose texts are in
``graders/messages/production.yaml``; a stage's messages.yaml may say them better. A learner's
text is parsed, and linted by ruff, in a room that holds none of it to import.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from graders.checking import Check
from graders.failures import Ended, Fail
from graders.results import Group, Kind, Location, Phase, Severity
from graders.workspace import Workspace
from sandbox.interface import SandboxError, Stopped

RULES = "E,F,I,B,UP,SIM"
LINE_LENGTH = 110

_TOOL = Path(__file__).parent / "inside" / "facts.py"
_PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[^\]]*\])?\s*==\s*[0-9][^\s,;*]*\s*(;.*)?")
_LEAK = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bghp_[A-Za-z0-9]{36}\b"
    rb"|\b[a-z][a-z0-9+]{2,15}://[^\s:/@'\"]{1,64}:[^\s:/@'\"{}<$]{3,128}@"
)
_SECRET_FILES = re.compile(r"(^|/)(\.env(\.[a-z]+)?|id_rsa|id_ed25519|.*\.pem|credentials\.json)$")
_PLACEHOLDER = re.compile(r"(^|/)\.env\.(example|sample|template)$")


class Door(BaseModel):
    """A public function, method or class."""

    model_config = ConfigDict(strict=True, frozen=True)
    name: str = Field(max_length=300)
    line: int
    said: bool
    typed: bool


class FileFacts(BaseModel):
    """What the static tool says of a Python file."""

    model_config = ConfigDict(strict=True, frozen=True)
    doors: list[Door]
    prints: list[int]
    paths: list[int]
    secrets: list[int]
    pasted_sql: list[int]


class _Finding(BaseModel):
    model_config = ConfigDict(frozen=True)
    code: str | None
    filename: str
    location: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place that a check complains about."""

    path: str
    line: int
    code: str = ""

    def location(self) -> Location:
        """The place, for a result."""
        return Location(path=self.path, line=self.line)


def package_layout(
    *,
    points: float,
    files: Sequence[str] = (),
    severity: Severity = Severity.MAJOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """Logic is in modules: `files` are there, the package is one, no notebook carries it."""

    def judge(work: Workspace) -> None:
        package = work.quest.package
        wanted = [f"{package}/__init__.py", *files]
        missing = [path for path in wanted if path not in work.files]
        if missing:
            raise Fail("files_missing", {"path": missing[0], "missing": len(missing)})
        notebooks = work.matching("*.ipynb")
        if notebooks:
            place = (Location(path=notebooks[0]),)
            raise Fail("notebooks", {"found": len(notebooks)}, locations=place)

    return _library("package_layout", judge, points=points, severity=severity, needs=needs)


def lint(
    *,
    points: float,
    rules: str = RULES,
    line_length: int = LINE_LENGTH,
    severity: Severity = Severity.MINOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """Ruff finds nothing, by our rules and not the project's; each finding costs a tenth."""

    def judge(work: Workspace) -> None:
        spots = _ruff(
            work,
            "check",
            "--ignore-noqa",
            f"--select={rules}",
            f"--line-length={line_length}",
            "--target-version=py311",
        )
        if not spots:
            return
        codes = sorted({spot.code for spot in spots}, key=lambda code: _often(spots, code))
        raise Fail(
            "findings",
            {
                "findings": len(spots),
                "files": len({spot.path for spot in spots}),
                "rules": ", ".join(codes[:3]),
            },
            share=max(0.0, 1 - len(spots) / 10),
            locations=tuple(spot.location() for spot in spots[:20]),
        )

    return _library("lint", judge, points=points, severity=severity, needs=needs)


def formatted(
    *,
    points: float,
    line_length: int = LINE_LENGTH,
    severity: Severity = Severity.MINOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """Ruff's formatter would change nothing; the share of tidy files is the share of points."""

    def judge(work: Workspace) -> None:
        python = work.matching("*.py")
        spots = _ruff(work, "format", "--check", f"--line-length={line_length}")
        untidy = list(dict.fromkeys(spot.path for spot in spots))
        if untidy:
            raise Fail(
                "not_formatted",
                {"files": len(untidy), "total": len(python)},
                share=max(0.0, 1 - len(untidy) / max(1, len(python))),
                locations=tuple(Location(path=path) for path in untidy[:20]),
            )

    return _library("formatted", judge, points=points, severity=severity, needs=needs)


def documented(
    *,
    points: float,
    severity: Severity = Severity.MINOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """Public functions and classes of the package have docstrings; the share is the points'.

    Modules that only a later stage names are not looked at; nor are they by `annotated`, `logs`.
    """
    return _doors_check(
        "documented", "undocumented", lambda door: door.said, points, severity, needs
    )


def annotated(
    *,
    points: float,
    severity: Severity = Severity.MINOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """Public functions of the package say the types of arguments and result."""
    return _doors_check(
        "annotated", "unannotated", lambda door: door.typed, points, severity, needs
    )


def pinned(
    *,
    points: float,
    path: str = "requirements.txt",
    severity: Severity = Severity.MAJOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """Every requirement is pinned with ``==``."""

    def judge(work: Workspace) -> None:
        lines = _requirements(work.text(path))
        if not lines:
            raise Fail("no_requirements", {"path": path})
        loose = [number for number, text in lines if not _PIN.fullmatch(text)]
        if loose:
            raise Fail(
                "not_pinned",
                {"path": path, "loose": len(loose), "total": len(lines)},
                share=0.0,
                locations=tuple(Location(path=path, line=number) for number in loose[:20]),
            )

    return _library("pinned", judge, points=points, severity=severity, needs=needs)


def no_secrets(
    *,
    points: float,
    severity: Severity = Severity.BLOCKER,
    needs: Sequence[Check | str] = (),
) -> Check:
    """No password, key or token is written out anywhere in the project."""

    def judge(work: Workspace) -> None:
        spots = [*_secret_files(work), *_spots(work, lambda facts: facts.secrets, package=False)]
        _none(spots, "secrets")

    return _library("no_secrets", judge, points=points, severity=severity, needs=needs)


def no_absolute_paths(
    *,
    points: float,
    severity: Severity = Severity.MAJOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """No path of one particular machine is written out in Python."""

    def judge(work: Workspace) -> None:
        _none(_spots(work, lambda facts: facts.paths, package=False), "absolute_paths")

    return _library("no_absolute_paths", judge, points=points, severity=severity, needs=needs)


def binds_sql(
    *,
    points: float,
    severity: Severity = Severity.MAJOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """SQL takes its values as bound parameters: nothing is pasted into its text."""

    def judge(work: Workspace) -> None:
        _none(_spots(work, lambda facts: facts.pasted_sql, package=False), "pasted_sql")

    return _library("binds_sql", judge, points=points, severity=severity, needs=needs)


def logs(
    *,
    points: float,
    severity: Severity = Severity.MINOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """The package logs; it does not print."""

    def judge(work: Workspace) -> None:
        _none(_spots(work, lambda facts: facts.prints, package=True), "prints")

    return _library("logs", judge, points=points, severity=severity, needs=needs)


def same_after_retraining(
    work: Workspace,
    *command: str,
    answer: Callable[[Workspace], Sequence[float] | npt.NDArray[np.float64]],
    tolerance: float = 0.0,
    data: str | None = None,
) -> None:
    """Train once more in a fresh room; fail when `answer` is another than before.

    For use inside a check, after a first `work.train`. `answer` asks the trained project for
    numbers, for example the scores of some rows. Reason: retraining_differs.
    """
    first = np.asarray(answer(work), dtype=np.float64)
    work.train(*command, data=data)
    second = np.asarray(answer(work), dtype=np.float64)
    if first.shape != second.shape:
        raise Fail("retraining_differs", {"rows": len(first), "total": len(first), "largest": 0})
    same = np.isclose(first, second, rtol=0, atol=tolerance, equal_nan=True)
    if not same.all():
        gap = float(np.nanmax(np.abs(first - second)[~same], initial=0.0))
        facts = {"rows": int((~same).sum()), "total": int(same.size), "largest": gap}
        raise Fail("retraining_differs", dict(facts))


def project_facts(work: Workspace) -> dict[str, FileFacts]:
    """The facts of each Python file, read once a grading in a room that runs none of it."""
    return work.once("production.project_facts", lambda: _read_facts(work))


def _doors_check(
    name: str,
    reason: str,
    good: Callable[[Door], bool],
    points: float,
    severity: Severity,
    needs: Sequence[Check | str],
) -> Check:
    def judge(work: Workspace) -> None:
        inside = f"{work.quest.package}/"
        doors = [
            (path, door)
            for path, facts in project_facts(work).items()
            if path.startswith(inside) and work.due(path)
            for door in facts.doors
        ]
        bad = [(path, door) for path, door in doors if not good(door)]
        if not doors:
            raise Fail("no_functions", {"package": work.quest.package})
        if bad:
            raise Fail(
                reason,
                {"name": bad[0][1].name, "found": len(bad), "total": len(doors)},
                share=1 - len(bad) / len(doors),
                locations=tuple(Location(path=path, line=door.line) for path, door in bad[:20]),
            )

    return _library(name, judge, points=points, severity=severity, needs=needs)


def _library(
    name: str,
    judge: Callable[[Workspace], None],
    *,
    points: float,
    severity: Severity,
    needs: Sequence[Check | str],
) -> Check:
    return Check(
        name=name,
        judge=judge,
        group=Group.PRODUCTION,
        points=points,
        severity=Severity(severity),
        kind=Kind.STATIC,
        needs=tuple(need if isinstance(need, str) else need.name for need in needs),
        phase=Phase.STATIC,
        about=name.replace("_", " "),
    )


def _none(spots: Sequence[Spot], reason: str) -> None:
    if spots:
        raise Fail(
            reason,
            {"found": len(spots)},
            locations=tuple(spot.location() for spot in spots[:20]),
        )


def _spots(
    work: Workspace, lines: Callable[[FileFacts], list[int]], *, package: bool
) -> list[Spot]:
    inside = f"{work.quest.package}/" if package else ""
    return [
        Spot(path=path, line=line)
        for path, facts in project_facts(work).items()
        if path.startswith(inside) and not path.startswith("tests/")
        if not package or work.due(path)
        for line in lines(facts)
    ]


def _secret_files(work: Workspace) -> list[Spot]:
    spots = []
    for path, body in sorted(work.files.items()):
        if _SECRET_FILES.search(path) and not _PLACEHOLDER.search(path):
            spots.append(Spot(path=path, line=1))
            continue
        found = _LEAK.search(body)
        if found:
            spots.append(Spot(path=path, line=body.count(b"\n", 0, found.start()) + 1))
    return spots


def _requirements(text: str) -> list[tuple[int, str]]:
    """The requirement lines with their numbers; hashes and options are no requirements."""
    joined = re.sub(r"\\\n", lambda match: " " * len(match[0]), text)
    lines = []
    number = 1
    for line in joined.splitlines():
        bare = re.sub(r"(^|\s)#.*$", "", line)
        bare = re.sub(r"\s--hash=\S+", "", bare).strip()
        if bare and not bare.startswith("-"):
            lines.append((number, bare))
        number += 1
    return lines


def _read_facts(work: Workspace) -> dict[str, FileFacts]:
    room = work.rooms.shared(_static_files(work), content="static", data=None)
    limits = work.rooms.limits
    returned = work.rooms.step(lambda: room.call("_facts:facts", "work", limits=limits))
    if returned.raised or returned.rejected:
        raise SandboxError(f"the static tool failed: {returned.raised or returned.rejected}")
    if not returned.ok:  # the learner's text was too much for the parser
        stopped = returned.stopped or Stopped.MEMORY
        raise Ended.of_limit(stopped, target="ast.parse", limits=limits)
    try:
        return TypeAdapter(dict[str, FileFacts]).validate_python(returned.value)
    except ValidationError as error:
        raise SandboxError("the static tool answered out of form") from error


def _static_files(work: Workspace) -> dict[str, bytes]:
    """The project one folder down, so that nothing of it can be imported by a tool."""
    project = {f"work/{path}": body for path, body in work.files.items()}
    return {**project, "_facts.py": _TOOL.read_bytes()}


def _ruff(work: Workspace, verb: str, *options: str) -> list[Spot]:
    """What ruff finds, by our settings alone: the project's own are not read."""
    room = work.rooms.shared(_static_files(work), content="static", data=None)
    common = (
        *("--isolated", "--no-cache", "--output-format=json-lines"),
        *("--config", "exclude=[]", "--config", 'src=["work"]'),
    )
    finished = work.rooms.step(lambda: room.run("ruff", verb, *common, *options, "work"))
    cut = finished.stopped is Stopped.OUTPUT  # so many findings that their rest is no news
    if finished.stopped and not cut:
        raise Ended.of_limit(finished.stopped, target="ruff", limits=work.rooms.limits)
    if not cut and finished.exit_code not in (0, 1):
        raise SandboxError(f"ruff failed: {finished.stderr[-500:]!r}")
    lines = finished.stdout.decode("utf-8", errors="replace").splitlines()
    return [_spot(line) for line in (lines[:-1] if cut else lines)]


def _spot(line: str) -> Spot:
    """A finding, which ruff writes as one line of JSON."""
    try:
        found = _Finding.model_validate_json(line)
    except ValidationError as error:
        raise SandboxError("ruff answered out of form") from error
    path = found.filename.partition("/project/work/")[2]
    return Spot(path=path, line=found.location.get("row", 1), code=found.code or "E999")


def _often(spots: Sequence[Spot], code: str) -> tuple[int, str]:
    return -sum(spot.code == code for spot in spots), code
