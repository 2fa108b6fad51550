"""The works that prove a quest: each is whole, is not the reference and says what it is for."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from graders.checking import Check
from graders.faults import Fault, QuestError, did_you_mean
from graders.inspecting.reading import syntax_fault
from graders.intake import count_statements
from graders.marked import read_marked
from graders.quest import Quest
from graders.results import Severity
from graders.works import ABOUT, Work, overlay, read_files, reference

KINDS: Final = ("variants", "bugs", "mistakes", "cheats")


def work_faults(quest: Quest, checks: Mapping[str, tuple[Check, ...]]) -> Iterator[Fault]:
    """Faults of reference, starter and overlays; `checks` are those of the stages looked at."""
    yield from _project_faults(quest)
    whole = {stage.slug: reference(quest, stage).files for stage in quest.stages}
    stopped: dict[str, set[str]] = {slug: set() for slug in checks}
    for kind in KINDS:
        for folder in sorted((quest.folder / kind).glob("*/")):
            if folder.name.startswith((".", "__")):
                continue
            try:
                work = overlay(quest, folder, over=lambda stage: whole[stage.slug])
            except QuestError as error:
                yield from error.faults
                continue
            if work.stage.slug not in checks:
                continue
            yield from _overlay_faults(folder, work, whole[work.stage.slug])
            yield from _name_faults(folder, work, checks[work.stage.slug])
            stopped[work.stage.slug].add(work.stopped_by or "")
    yield from _untested(quest, checks, stopped)


def _project_faults(quest: Quest) -> Iterator[Fault]:
    for name in ("reference", "starter"):
        folder = quest.folder / name
        files = read_files(folder)
        if not files:
            message = f"{name}/ is missing or empty"
            yield Fault(path=folder, line=1, column=1, code="W405", message=message)
        if name == "reference":
            yield from _broken_faults(folder, files)


def _overlay_faults(folder: Path, work: Work, whole: Mapping[str, bytes]) -> Iterator[Fault]:
    own = {path: body for path, body in read_files(folder).items() if path != ABOUT}
    if not own:
        message = f"{work.name} lays no file over the reference: it is the reference"
        yield _of(folder, "W406", message)
    elif all(whole.get(path) == body for path, body in own.items()):
        message = f"{work.name} is the same as the reference, file for file"
        yield _of(folder, "W406", message)
    why = str(read_marked(folder / ABOUT).data.get("why") or "")
    if not why.strip():
        message = f"{work.name} does not say what it stands for"
        yield read_marked(folder / ABOUT).fault(("why",), "W404", message)
    yield from _broken_faults(folder, own)


def _name_faults(folder: Path, work: Work, checks: Sequence[Check]) -> Iterator[Fault]:
    """A mistake is called after the check that stops it."""
    names = {check.name for check in checks}
    if work.stopped_by is None or not names or work.stopped_by in names:
        return
    hint = did_you_mean(work.stopped_by, names)
    message = f'stage {work.stage.slug} has no check "{work.stopped_by}"{hint}'
    near = re.search(r'did you mean "(\w+)"', hint)
    mend = f"Call the folder mistakes/{near[1]}{_note(folder)}." if near else ""
    marked = read_marked(folder / ABOUT)
    yield marked.fault(("stage",), "W407", message, at_value=True, mend=mend)


def _note(folder: Path) -> str:
    _, dashes, note = folder.name.partition("--")
    return f"{dashes}{note}"


def _broken_faults(folder: Path, files: Mapping[str, bytes]) -> Iterator[Fault]:
    """Files that would be refused at the door, before any check could stop them."""
    for path, body in files.items():
        if path.endswith(".py"):
            fault = syntax_fault(folder / path, body, "W408")
            yield from [fault] if fault else []
        elif path.endswith(".sql"):
            found = count_statements(body.decode("utf-8", errors="replace"))
            if found != 1:
                message = f"{found} statements; a file of SQL holds one"
                yield Fault(path=folder / path, line=1, column=1, code="W408", message=message)


def _untested(
    quest: Quest, checks: Mapping[str, tuple[Check, ...]], stopped: Mapping[str, set[str]]
) -> Iterator[Fault]:
    """Blockers that no mistake runs into, and stages that nobody tried to cheat."""
    marked = read_marked(quest.folder / "quest.yaml")
    for number, stage in enumerate(quest.stages):
        for check in checks.get(stage.slug, ()):
            if check.severity is Severity.BLOCKER and check.name not in stopped[stage.slug]:
                message = f"{stage.slug}: no mistake shows that {check.name} can stop a work"
                mend = f"Add mistakes/{check.name}/: plausible work that it must stop."
                where = ("stages", number, "slug")
                yield marked.fault(where, "W409", message, at_value=True, mend=mend)
    if not any((quest.folder / "cheats").glob("*/")):
        message = "nobody has tried to cheat: cheats/ is empty"
        yield marked.fault(("slug",), "W410", message, at_value=True)


def _of(folder: Path, code: str, message: str) -> Fault:
    return read_marked(folder / ABOUT).fault(("stage",), code, message)
