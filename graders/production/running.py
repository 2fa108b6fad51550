"""A README that says how to run it: commands that work, not words that are counted."""

from collections.abc import Sequence
from typing import Final

from graders.checking import Check
from graders.failures import Fail
from graders.production import reading
from graders.production.making import Needs, ready
from graders.production.reading import Spot, shown
from graders.results import Location, Severity
from graders.workspace import Workspace

ROLES: Final = ("install", "run", "test")


def readme(
    *,
    points: float,
    says: Sequence[str] = ("install", "run"),
    severity: Severity = Severity.MINOR,
    needs: Needs = (),
) -> Check:
    """The README has commands in blocks that install and run it, and name what is there.

    `says` are the roles wanted, of ``install``, ``run`` and ``test``; each missing one costs its
    share. A file, module, target or Dockerfile that a command names must be in the project. Prose
    is not judged. Reasons: no_readme, no_commands, names_nothing, does_not_install, does_not_run,
    does_not_test.

        explained = production.readme(points=1, says=["install", "run", "test"])
    """
    unknown = [role for role in says if role not in ROLES]
    if unknown:
        raise ValueError(f'a README says {", ".join(ROLES)}, not "{unknown[0]}"')

    def judge(work: Workspace) -> None:
        told = reading.readme(work)
        if not told.path:
            raise Fail("no_readme", {})
        place = (Location(path=told.path),)
        if not told.commands:
            raise Fail("no_commands", {"path": told.path}, locations=place)
        if told.missing:
            lost = [Spot(path=told.path, line=line) for line in told.missing]
            raise Fail(
                "names_nothing",
                {"path": told.path, "found": len(lost)},
                share=0.5,
                locations=shown(lost),
            )
        absent = [role for role in says if role not in told.roles]
        if absent:
            share = 1 - len(absent) / len(says)
            facts = {"path": told.path}
            raise Fail(f"does_not_{absent[0]}", dict(facts), share=share, locations=place)

    return ready("readme", judge, points=points, severity=severity, needs=needs)
