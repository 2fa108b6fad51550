"""Find attempts by their numbers, and read what was handed in."""

from simulator.cli.learning.fetching import unpack
from simulator.cli.learning.site import Site
from simulator.cli.learning.trouble import Trouble
from simulator.cli.printing import Code
from simulator.wire import AttemptOut


def attempt_numbered(site: Site, quest: str, number: int | None) -> AttemptOut:
    """The attempt of that number, or the newest. Raises Trouble."""
    found = attempts_of(site, quest)
    wanted = found[0].number if number is None else number
    for attempt in found:
        if attempt.number == wanted:
            return attempt
    raise Trouble(
        f"There is no attempt {wanted} at {quest}.",
        code=Code.USAGE,
        remedy=f"There are {', '.join(str(attempt.number) for attempt in reversed(found))}.",
        name="no_attempt",
    )


def attempts_of(site: Site, quest: str) -> list[AttemptOut]:
    """The learner's attempts at a quest, the newest first; at least one. Raises Trouble."""
    found = site.several("/api/attempts", AttemptOut, quest=quest)
    if not found:
        raise Trouble(
            f"Nothing was handed in for {quest} yet.",
            code=Code.USAGE,
            remedy="Hand in first: sim submit --watch",
            name="no_attempt",
        )
    return found


def handed_in(site: Site, attempt: AttemptOut) -> dict[str, bytes]:
    """The files of an attempt. Raises Trouble."""
    return unpack(site.content(f"/api/attempts/{attempt.id}/project.zip"))
