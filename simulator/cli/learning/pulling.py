"""Make or renew the folder of a quest: history, kit, tables, brief."""

import base64
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from graders.loading import load_quest
from graders.messages import load_catalogue
from graders.quest import Language
from graders.rehearsing import open_checks
from simulator.cli.learning import project as projects
from simulator.cli.learning.attempts import handed_in
from simulator.cli.learning.fetching import fetch_tables, lay_out, put, tables_folder, unpack
from simulator.cli.learning.history import Entry, Git
from simulator.cli.learning.project import BRIEF, IGNORED, KIT, OURS, Facts, Project
from simulator.cli.learning.site import Site
from simulator.cli.learning.speaking import Voice
from simulator.cli.learning.trouble import Trouble
from simulator.cli.learning.words import said
from simulator.cli.printing import Code
from simulator.wire import AttemptOut, EnrolmentOut, Kit, QuestOut, StageOut
from simulator.wire import Project as Draft

HERE: Final = "here"  # the first open stage that is not passed, as the site calls it
SIMKIT: Final = Path(__file__).resolve().parents[3] / "sandbox" / "simkit"
TASKS: Final = {
    "version": "2.0.0",
    "tasks": [
        {
            "label": f"sim {words}",
            "type": "shell",
            "command": f"sim {words}",
            "problemMatcher": {
                "owner": "sim",
                "fileLocation": ["relative", "${workspaceFolder}"],
                "pattern": {"regexp": r"^\s+([^\s:]+):(\d+)$", "file": 1, "line": 2, "message": 1},
            },
        }
        for words in ("test", "submit --watch", "report")
    ],
}


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """What came of a pull."""

    project: Project
    quest: QuestOut
    stage: StageOut
    has_git: bool


def pull(site: Site, slug: str, folder: Path, *, voice: Voice, data: bool) -> Pulled:
    """Make the folder, or bring it up to date. Raises Trouble; then what was there is there."""
    before = _before(folder, site, slug)
    enrolment = site.send("POST", f"/api/quests/{slug}/enrolment", EnrolmentOut)
    quest = next(q for q in site.several("/api/quests", QuestOut) if q.slug == slug)
    kit = site.get(f"/api/quests/{slug}/kit", Kit)
    files = unpack(site.content(f"/api/quests/{slug}/kit.zip"))
    folder.mkdir(parents=True, exist_ok=True)
    newest = before.attempts if before else 0
    attempts = _attempts_after(site, slug, newest)
    git = Git(folder)
    began = enrolment.created_at
    _bring_history(site, git, attempts, files if before is None else {}, began=began, slug=slug)
    lay_out(files, folder / KIT)
    stage = _stage(quest, before)
    facts = Facts(
        site=site.account.address,
        username=site.account.username,
        quest=slug,
        version=kit.version,
        judge=kit.judge,
        dataset=kit.dataset,
        stage=stage.slug,
        attempts=max([newest, *(attempt.number for attempt in attempts)]),
    )
    projects.write(folder, facts)
    project = Project(root=folder, facts=facts)
    furnish(project, voice.language)
    if data and not tables_folder(kit.dataset).is_dir():
        size = sum(table.size for table in kit.tables) / 1e6
        with voice.busy("tables", size=f"{size:.0f}"):
            fetch_tables(site, kit)
    return Pulled(project=project, quest=quest, stage=stage, has_git=git.there)


def furnish(project: Project, language: Language) -> None:
    """What stands in the folder beside the work: brief, simkit, tasks of the editor."""
    root, facts = project.root, project.facts
    (root / BRIEF).write_text(_brief(project, language), encoding="utf-8")
    shutil.copytree(
        SIMKIT,
        root / OURS / "lib" / "simkit",
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    surroundings = f"PYTHONPATH={OURS}/lib\nSIM_DATA={tables_folder(facts.dataset)}\n"
    for path, text in (
        (root / ".env", surroundings),
        (root / ".vscode" / "tasks.json", json.dumps(TASKS, indent=1) + "\n"),
    ):
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")


def _brief(project: Project, language: Language) -> str:
    """The stage's brief, and the open checks that `sim test` runs."""
    quest = load_quest(project.kit)
    stage = quest.stage(project.facts.stage)
    path = quest.stage_folder(stage) / f"brief.{language}.md"
    catalogue = load_catalogue(quest, stage)
    number = f"{quest.number(stage) + 1}/{len(quest.stages)}"
    lines = [f"# {quest.title[language]}, {number}: {stage.title[language]}", ""]
    lines += [path.read_text(encoding="utf-8").rstrip(), ""]
    lines += [f"## {said('how_checked', language)}", ""]
    for check in open_checks(quest, stage):
        texts = catalogue.texts(check.name)
        title = texts.title[language] if texts else check.name
        lines.append(f"* {title} (`{check.name}`)")
    return "\n".join(lines) + "\n"


def _before(folder: Path, site: Site, slug: str) -> Facts | None:
    """What is remembered of a folder; None for one that is new or empty. Raises Trouble."""
    if (folder / projects.MARK).is_file():
        facts = projects.find(folder).facts
        mine = (site.account.address, slug)
        if (facts.site, facts.quest) != mine:
            raise Trouble(
                f"{folder} holds {facts.quest} of {facts.site}.",
                code=Code.USAGE,
                remedy="Name another folder: sim pull QUEST FOLDER",
            )
        return facts
    others = [path for path in folder.iterdir() if path.name != OURS] if folder.is_dir() else []
    if others:
        raise Trouble(
            f"{folder} is not empty and was not made by `sim pull`.",
            code=Code.USAGE,
            remedy="Name another folder: sim pull QUEST FOLDER",
        )
    return None


def _attempts_after(site: Site, slug: str, newest: int) -> list[AttemptOut]:
    found = site.several("/api/attempts", AttemptOut, quest=slug)
    return sorted((a for a in found if a.number > newest), key=lambda attempt: attempt.number)


def _bring_history(
    site: Site,
    git: Git,
    attempts: Sequence[AttemptOut],
    files: dict[str, bytes],
    *,
    began: datetime,
    slug: str,
) -> None:
    """Put starter, attempts and the site's draft into the folder; without Git, the draft alone."""
    draft = _draft(site, slug)
    if not git.installed:
        put(draft, git.root)
        return
    if not git.there:
        git.begin(IGNORED)
    author = site.account.username or "learner"
    git.add(_entries(site, attempts, files, began=began), author=author)
    if not git.site_holds(draft):
        entry = Entry(message="The draft on the site", when=datetime.now(UTC), files=draft)
        git.add([entry], author=author)
    git.join()


def _entries(
    site: Site, attempts: Sequence[AttemptOut], kit: dict[str, bytes], *, began: datetime
) -> Iterator[Entry]:
    """The starter, where there is a kit to take it from, and every attempt."""
    starter = {
        path.removeprefix("starter/"): content
        for path, content in kit.items()
        if path.startswith("starter/")
    }
    if kit:
        yield Entry(message="The project as it begins", when=began, files=starter)
    for attempt in attempts:
        score = "" if attempt.score is None else f": {attempt.score:g} points"
        yield Entry(
            message=f"Attempt {attempt.number} at {attempt.stage}{score}",
            when=attempt.created_at,
            files=handed_in(site, attempt),
        )


def _draft(site: Site, slug: str) -> dict[str, bytes]:
    found = site.get(f"/api/quests/{slug}/project", Draft)
    return {file.path: base64.b64decode(file.content) for file in found.files}


def _stage(quest: QuestOut, before: Facts | None) -> StageOut:
    """The stage to go on with: the first open one, else the one that was worked on."""
    here = [stage for stage in quest.stages if stage.state == HERE]
    kept = [stage for stage in quest.stages if before and stage.slug == before.stage]
    return (here or kept or quest.stages[-1:])[0]
