"""What lies on the workbench of a stage: the open file, and one of the four tabs beside it."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any, Final

from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext as _

from graders.quest import Language, Quest, Stage
from simulator.attempts import console, hinting
from simulator.attempts.models import Attempt
from simulator.catalog import lessons, quests
from simulator.catalog.models import Enrolment, ProjectFile
from simulator.warehouse import exploring

MODES: Final = tuple(
    f"django_ace/ace/mode-{mode}.js"
    for mode in ("python", "sql", "yaml", "markdown", "toml", "json", "ini")
)


class Tab(enum.StrEnum):
    """What the left pane shows."""

    BRIEF = "brief"
    FILES = "files"
    DATA = "data"
    SQL = "sql"
    HINTS = "hints"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A file in the list."""

    path: str
    size: int

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One look at the workspace."""

    enrolment: Enrolment
    quest: Quest
    stage: Stage
    tab: Tab
    language: Language
    files: tuple[Shown, ...]
    path: str
    table: str

    def left(self) -> dict[str, Any]:
        """What the left pane needs, and nothing of the tabs that are not open."""
        labels = _labels()
        context = {
            "quest": self.quest,
            "stage": self.stage,
            "number": self.quest.stages.index(self.stage) + 1,
            "enrolment": self.enrolment,
            "tabs": labels.items(),
            "tab": self.tab,
            "tab_label": labels[self.tab],
            "files": self.files,
            "current_path": self.path,
        }
        return context | self._of_tab()

    def whole(self) -> dict[str, Any]:
        """What the whole page needs."""
        current = ProjectFile.objects.filter(enrolment=self.enrolment, path=self.path).first()
        attempts = Attempt.objects.filter(enrolment=self.enrolment)
        return self.left() | {
            "current": current,
            "current_text": _text(current),
            "seen": attempts.count(),
            "modes": MODES,
        }

    def _of_tab(self) -> dict[str, Any]:
        match self.tab:
            case Tab.DATA:
                return {"tables": exploring.tables(self.quest), "open_table": self.table}
            case Tab.HINTS:
                return {
                    "hints": hinting.ladder(
                        self.enrolment, self.quest, self.stage, self.language, now=timezone.now()
                    ),
                    "lessons": lessons.titles(self.quest, self.language),
                }
            case Tab.FILES:
                return {}
            case Tab.SQL:
                return {"query": _first_query(self.quest), "most_rows": console.MOST_ROWS}
            case Tab.BRIEF:
                return {"brief": quests.brief_html(self.quest, self.stage, self.language)}


def bench(
    enrolment: Enrolment,
    quest: Quest,
    stage: Stage,
    *,
    asked: Mapping[str, str],
    language: Language,
) -> Bench:
    """The workspace as the address asks for it; words that it does not know change nothing."""
    files = _files(enrolment)
    tab = asked.get("tab", Tab.BRIEF)
    return Bench(
        enrolment=enrolment,
        quest=quest,
        stage=stage,
        tab=Tab(tab) if tab in list(Tab) else Tab.BRIEF,
        language=language,
        files=files,
        path=_open_path(files, stage, asked.get("file", "")),
        table=asked.get("table", ""),
    )


def _labels() -> dict[Tab, str]:
    return {
        Tab.BRIEF: _("Brief"),
        Tab.FILES: _("Files"),
        Tab.DATA: _("Data"),
        Tab.SQL: _("SQL"),
        Tab.HINTS: _("Hints"),
    }


def _files(enrolment: Enrolment) -> tuple[Shown, ...]:
    rows = (
        ProjectFile.objects.filter(enrolment=enrolment)
        .annotate(size=Length("content"))
        .values_list("path", "size")
    )
    shown = (Shown(path=path, size=size) for path, size in rows)
    return tuple(sorted(shown, key=lambda file: (file.folder, file.name)))


def _open_path(files: tuple[Shown, ...], stage: Stage, asked: str) -> str:
    """The file asked for, else the first that the stage is about, else any."""
    paths = [file.path for file in files]
    if asked in paths:
        return asked
    for pattern in stage.files:
        for path in paths:
            if fnmatch(path, pattern) and not path.endswith("__init__.py"):
                return path
    return paths[0] if paths else ""


def _first_query(quest: Quest) -> str:
    table = next(iter(quest.tables), "")
    return f"SELECT *\nFROM {table}\nLIMIT 10" if table else "SELECT 1"


def _text(file: ProjectFile | None) -> str | None:
    """The content as text; None when it is not."""
    if file is None:
        return None
    try:
        return bytes(file.content).decode()
    except UnicodeDecodeError:
        return None
