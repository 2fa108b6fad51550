"""How the code reads: lint, format, docstrings, annotations."""

from collections.abc import Callable, Sequence

from pydantic import BaseModel, ConfigDict

from graders.checking import Check
from graders.failures import Fail
from graders.production.making import Needs, ready
from graders.production.reading import MOST_SHOWN, Door, Spot, in_form, project_facts, run_tool
from graders.production.reading import shown as places
from graders.results import Location, Severity
from graders.workspace import Workspace

RULES = "E,F,I,B,UP,SIM"
LINE_LENGTH = 110
_MOST_RULES = 3  # that a message names


class _Finding(BaseModel):
    model_config = ConfigDict(frozen=True)
    code: str | None
    filename: str
    location: dict[str, int]


def lint(
    *,
    points: float,
    rules: str = RULES,
    line_length: int = LINE_LENGTH,
    severity: Severity = Severity.MINOR,
    needs: Needs = (),
) -> Check:
    """Ruff finds nothing, by our rules and not the project's; each finding costs a tenth.

    `rules` are ruff's selectors, `line_length` is in characters; ``# noqa`` counts for nothing.
    Reason: findings.

        tidy = production.lint(points=2)
    """

    def judge(work: Workspace) -> None:
        found = _ruff(
            work,
            "check",
            "--ignore-noqa",
            f"--select={rules}",
            f"--line-length={line_length}",
            "--target-version=py311",
        )
        if not found:
            return
        codes = sorted({spot.code for spot in found}, key=lambda code: _often(found, code))
        raise Fail(
            "findings",
            {
                "findings": len(found),
                "files": len({spot.path for spot in found}),
                "rules": ", ".join(codes[:_MOST_RULES]),
            },
            share=max(0.0, 1 - len(found) / 10),
            locations=places(found),
        )

    return ready("lint", judge, points=points, severity=severity, needs=needs)


def formatted(
    *,
    points: float,
    line_length: int = LINE_LENGTH,
    severity: Severity = Severity.MINOR,
    needs: Needs = (),
) -> Check:
    """Ruff's formatter would change nothing; the share of tidy files is the share of points.

    Reason: not_formatted.

        tidy = production.formatted(points=1)
    """

    def judge(work: Workspace) -> None:
        python = work.matching("*.py")
        found = _ruff(work, "format", "--check", f"--line-length={line_length}")
        untidy = list(dict.fromkeys(spot.path for spot in found))
        if untidy:
            raise Fail(
                "not_formatted",
                {"files": len(untidy), "total": len(python)},
                share=max(0.0, 1 - len(untidy) / max(1, len(python))),
                locations=tuple(Location(path=path) for path in untidy[:MOST_SHOWN]),
            )

    return ready("formatted", judge, points=points, severity=severity, needs=needs)


def documented(
    *,
    points: float,
    severity: Severity = Severity.MINOR,
    needs: Needs = (),
) -> Check:
    """Public functions and classes of the package have docstrings; the share is the points'.

    Modules that only a later stage names are not looked at; nor are they by `annotated`, `types`,
    `configured`, `logs`. Reasons: undocumented, no_functions.

        told = production.documented(points=1)
    """
    return _doors_check(
        "documented", "undocumented", lambda door: door.said, points, severity, needs
    )


def annotated(
    *,
    points: float,
    severity: Severity = Severity.MINOR,
    needs: Needs = (),
) -> Check:
    """Public functions of the package say the types of arguments and result.

    Whether they are true is what `types` looks at. Reasons: unannotated, no_functions.

        typed = production.annotated(points=1)
    """
    return _doors_check(
        "annotated", "unannotated", lambda door: door.typed, points, severity, needs
    )


def _doors_check(
    name: str,
    reason: str,
    good: Callable[[Door], bool],
    points: float,
    severity: Severity,
    needs: Needs,
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
                locations=places([Spot(path=path, line=door.line) for path, door in bad]),
            )

    return ready(name, judge, points=points, severity=severity, needs=needs)


def _ruff(work: Workspace, verb: str, *options: str) -> list[Spot]:
    """What ruff finds, by our settings alone: the project's own are not read."""
    common = (
        *("--isolated", "--no-cache", "--output-format=json-lines"),
        *("--config", "exclude=[]", "--config", 'src=["work"]'),
    )
    finished, cut = run_tool(work, "ruff", verb, *common, *options, "work")
    lines = finished.stdout.decode("utf-8", errors="replace").splitlines()
    return [_spot(line) for line in (lines[:-1] if cut else lines)]


def _spot(line: str) -> Spot:
    """A finding, which ruff writes as one line of JSON."""
    found = in_form("ruff", lambda: _Finding.model_validate_json(line))
    path = found.filename.partition("/project/work/")[2]
    return Spot(path=path, line=found.location.get("row", 1), code=found.code or "E999")


def _often(found: Sequence[Spot], code: str) -> tuple[int, str]:
    return -sum(spot.code == code for spot in found), code
