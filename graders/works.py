"""The works that a quest brings: starter, reference, mistakes, cheats; and variants and bugs.

What a learner could hand in at a stage grows as a real project does: the starter, with the
reference's files of the stages that are done. A file belongs to the first stage whose patterns
name it; one that no stage names is there from the beginning. A mistake or a cheat is an overlay:
``mistakes/<check>/`` (or ``mistakes/<check>--<note>/``) and ``cheats/<trick>/`` hold the files
that differ from the reference, and a ``work.yaml``::

    stage: model
    why: {en: "...", ru: "..."}      # or one text: for authors
    also: [trains]                   # other blockers that stop it, where that cannot be helped

``variants/<name>/`` and ``bugs/<id>_<kind>/`` are such overlays too: what a learner's own tests
are run against, at the stage that their ``work.yaml`` names. A variant is another right way; a bug
is one realistic fault, and its kind says what sort of test finds it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.faults import Fault, QuestError, did_you_mean
from graders.forms import fill
from graders.marked import read_marked
from graders.quest import Facts, Quest, Stage, Text

ABOUT = "work.yaml"
BUG_KINDS = (
    *("exact", "consistency", "invariance", "directional", "negation"),
    *("unit", "regression", "smoke"),
)


class About(Facts):
    """What a mistake or cheat says of itself."""

    stage: str
    why: Text | str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Work:
    """A project to be graded at one stage, and what must become of it."""

    name: str  # reference, starter, mistakes/x, cheats/x, variants/x
    stage: Stage
    files: dict[str, bytes]
    stopped_by: str | None = None  # the check that a mistake is named after
    also: tuple[str, ...] = ()  # blockers that may stop a mistake besides
    bug_kind: str | None = None  # what sort of test finds a bug

    @property
    def kind(self) -> str:
        """The kind of work: reference, starter, mistakes, cheats or path."""
        return self.name.partition("/")[0]

    @property
    def label(self) -> str:
        """The work with its stage: one name for it in the whole quest."""
        return f"{self.stage.slug} {self.name}"


def reference(quest: Quest, stage: Stage) -> Work:
    """The reference's files of this stage and all before it."""
    done = quest.stages[: quest.number(stage) + 1]
    files = _project(quest, [one.slug for one in done])
    return Work(name="reference", stage=stage, files=files)


def starter(quest: Quest, stage: Stage) -> Work:
    """What a learner has when the stage opens: those before it are done."""
    done = quest.stages[: quest.number(stage)]
    files = _project(quest, [one.slug for one in done])
    return Work(name="starter", stage=stage, files=files)


def overlays(quest: Quest, stage: Stage | None = None) -> list[Work]:
    """The mistakes and cheats, of one stage or of all. Raises QuestError."""
    return _overlays(quest, ("mistakes", "cheats"), stage)


def variants(quest: Quest, stage: Stage | None = None) -> list[Work]:
    """Other right ways to do a stage's work: a learner's tests must pass on them."""
    return _overlays(quest, ("variants",), stage)


def bugs(quest: Quest, stage: Stage | None = None) -> list[Work]:
    """The planted bugs of a stage: a learner's tests should fail on them. Raises QuestError."""
    return _overlays(quest, ("bugs",), stage)


def overlay(
    quest: Quest, folder: Path, *, over: Callable[[Stage], Mapping[str, bytes]] | None = None
) -> Work:
    """The mistake or cheat in a folder, laid over the reference. Raises QuestError.

    `over` finds the reference's files of a stage, for a caller that has read them.
    """
    marked = read_marked(folder / ABOUT)
    about = fill(About, marked)
    stages = {one.slug: one for one in quest.stages}
    if about.stage not in stages:
        hint = did_you_mean(about.stage, stages)
        raise QuestError(
            [marked.fault(("stage",), "W401", f'no stage "{about.stage}"{hint}', at_value=True)]
        )
    stage = stages[about.stage]
    whole = over(stage) if over else reference(quest, stage).files
    files = {**whole, **read_files(folder)}
    files.pop(ABOUT, None)
    kind, name = folder.parent.name, folder.name
    return Work(
        name=f"{kind}/{name}",
        stage=stage,
        files=files,
        stopped_by=re.sub(r"--.*$", "", name) if kind == "mistakes" else None,
        also=about.also,
        bug_kind=_bug_kind(folder) if kind == "bugs" else None,
    )


def find_work(quest: Quest, stage: Stage, name: str) -> Work:
    """A work by its name in the quest, or a project in any folder. Raises QuestError."""
    if name == "reference":
        return reference(quest, stage)
    if name == "starter":
        return starter(quest, stage)
    if (quest.folder / name / ABOUT).is_file():
        return overlay(quest, quest.folder / name)
    folder = Path(name)
    if folder.is_dir():
        return Work(name="path", stage=stage, files=read_files(folder))
    known = ["reference", "starter"]
    known += [work.name for work in (*overlays(quest), *variants(quest))]
    message = f'there is no work "{name}"{did_you_mean(name, known)}'
    raise QuestError([Fault(path=quest.folder, line=1, column=1, code="W402", message=message)])


def read_files(folder: Path) -> dict[str, bytes]:
    """A folder's files by their path in it, without what tools leave behind."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _left_behind(path.relative_to(folder))
    }


def _overlays(quest: Quest, kinds: Sequence[str], stage: Stage | None) -> list[Work]:
    read: dict[str, Mapping[str, bytes]] = {}

    def over(one: Stage) -> Mapping[str, bytes]:
        if one.slug not in read:
            read[one.slug] = reference(quest, one).files
        return read[one.slug]

    found = [
        overlay(quest, folder, over=over)
        for kind in kinds
        for folder in sorted((quest.folder / kind).glob("*/"))
        if not folder.name.startswith((".", "__"))
    ]
    return [work for work in found if stage is None or work.stage.slug == stage.slug]


def _bug_kind(folder: Path) -> str:
    """The kind at the end of a bug's name, as in ``ties_exact``. Raises QuestError."""
    kind = folder.name.rpartition("_")[2]
    if kind in BUG_KINDS:
        return kind
    message = f'a bug\'s folder ends with its kind, not "{kind}"{did_you_mean(kind, BUG_KINDS)}'
    raise QuestError([Fault(path=folder, line=1, column=1, code="W403", message=message)])


def _left_behind(path: Path) -> bool:
    return any(part == "__pycache__" or part.endswith("_cache") for part in path.parts)


def _project(quest: Quest, done: list[str]) -> dict[str, bytes]:
    """The starter with the reference's files of the stages that are done."""
    files = read_files(quest.folder / "starter")
    for path, body in read_files(quest.folder / "reference").items():
        owner = next((one.slug for one in quest.stages if one.names(path)), None)
        if owner in done or (owner is None and path not in files):
            files[path] = body
    return files
