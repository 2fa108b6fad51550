"""Generated mutants: small bugs in the reference that nobody had to plant, chosen by the seed.

Where an author plants no bugs for a stage, ``graders.own_tests`` asks mutants instead. They are
made ahead by ``python -m graders.mutating quests/<name> --stage <stage>`` and kept in
``bugs/mutants.yaml``, so that no grading needs the library that makes them, an author can read
every one of them and strike out a bad one, and all of them are part of the quest's version::

    tests:                                     # the stage
      - path: churn/metrics.py
        line: 31
        kind: boundary
        was: "    if share < 1:"
        becomes: "    if share <= 1:"

Only mutants that the reference's own tests kill are kept: what is equivalent to the reference can
be caught by nobody and is not asked. A mutant that no longer fits the reference is the author's
fault, told at its line.
"""

import random
from collections.abc import Sequence
from typing import Final, Literal, get_args

from pydantic import Field, RootModel

from graders.faults import QuestError, did_you_mean
from graders.forms import fill
from graders.marked import read_marked
from graders.quest import Facts, Quest, Stage
from graders.works import Work, reference

FILE: Final = "bugs/mutants.yaml"
MOST_ASKED: Final = 10

MutantKind = Literal["boundary", "condition", "arithmetic", "constant", "loop", "exception"]
KINDS: Final[tuple[MutantKind, ...]] = get_args(MutantKind)


class Mutant(Facts):
    """One line of the reference with one small bug in it."""

    path: str
    line: int = Field(ge=1)
    kind: MutantKind
    was: str
    becomes: str


class _File(RootModel[dict[str, list[Mutant]]]):
    """Mutants by the slug of their stage."""


def chosen(quest: Quest, stage: Stage, *, seed: int, most: int = MOST_ASKED) -> list[Work]:
    """Up to `most` mutants of a stage as works, the same for the same seed; of every kind some.

    Raises QuestError for a file that is not well formed, or a mutant that does not fit.
    """
    project = reference(quest, stage).files
    every = kept(quest, stage)
    return [
        Work(
            name=f"mutants/{number}",
            stage=stage,
            files={**project, mutant.path: applied(mutant, project[mutant.path])},
            bug_kind=mutant.kind,
        )
        for number, mutant in enumerate(drawn(every, seed=seed, most=most))
    ]


def kept(quest: Quest, stage: Stage) -> list[Mutant]:
    """Every mutant that the quest keeps for a stage. Raises QuestError."""
    path = quest.folder / FILE
    if not path.is_file():
        return []
    marked = read_marked(path)
    file = fill(_File, marked).root
    slugs = [one.slug for one in quest.stages]
    faults = [
        marked.fault((slug,), "W404", f'no stage "{slug}"{did_you_mean(slug, slugs)}')
        for slug in file
        if slug not in slugs
    ]
    found = file.get(stage.slug, [])
    project = reference(quest, stage).files
    faults += [
        marked.fault(
            (stage.slug, number),
            "W405",
            f"the mutant does not fit {mutant.path}, which has changed; make them anew: "
            f"python -m graders.mutating {quest.folder} --stage {stage.slug}",
        )
        for number, mutant in enumerate(found)
        if not fits(mutant, project.get(mutant.path, b""))
    ]
    if faults:
        raise QuestError(faults)
    return found


def drawn(mutants: Sequence[Mutant], *, seed: int, most: int) -> list[Mutant]:
    """Up to `most` of them, in an order that the seed decides: one of each kind in turn.

    A line is asked a second time only where its kind has no other left.
    """
    order = random.Random(seed)  # noqa: S311 - a choice to be repeated, not a secret
    left = order.sample(list(mutants), len(mutants))
    found: list[Mutant] = []
    while left and len(found) < most:
        for kind in KINDS:
            lines = {(one.path, one.line) for one in found}
            of_kind = sorted(
                (one for one in left if one.kind == kind),
                key=lambda one: (one.path, one.line) in lines,
            )
            if of_kind and len(found) < most:
                found.append(of_kind[0])
                left.remove(of_kind[0])
    return found


def fits(mutant: Mutant, body: bytes) -> bool:
    """Whether the line still says what the mutant was made from."""
    lines = body.decode("utf-8", errors="replace").split("\n")
    return mutant.line <= len(lines) and lines[mutant.line - 1] == mutant.was


def applied(mutant: Mutant, body: bytes) -> bytes:
    """The file with the bug in it."""
    lines = body.decode("utf-8", errors="replace").split("\n")
    lines[mutant.line - 1] = mutant.becomes
    return "\n".join(lines).encode()
