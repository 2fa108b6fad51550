"""The folder that `sim pull` makes: what stands in it, and which of it is the learner's work."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from simulator.cli.learning.history import Git
from simulator.cli.learning.trouble import Trouble
from simulator.cli.printing import Code

OURS: Final = ".sim"
MARK: Final = f"{OURS}/project.json"
KIT: Final = f"{OURS}/kit"
BRIEF: Final = "BRIEF.md"
# What we put into the folder, and what tools leave there: none of it is handed in.
LEFT_OUT: Final = frozenset(
    {OURS, ".git", ".venv", ".vscode", ".env", "__pycache__", ".ipynb_checkpoints", "__MACOSX"}
    | {".DS_Store", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
)
IGNORED: Final = (f"/{OURS}/", f"/{BRIEF}", "/.vscode/", "/.env", "__pycache__/", ".pytest_cache/")
LARGEST: Final = 8_000_000  # what a site takes in one piece


class Facts(BaseModel):
    """What the command remembers of a folder."""

    site: str
    username: str
    quest: str
    version: str
    judge: str
    dataset: str
    stage: str
    attempts: int = 0  # the newest that the history holds


class Sent(BaseModel):
    """What was handed in last: enough to go on when the connection was lost."""

    key: str
    stage: str
    work: str  # the digest of the files
    attempt: str = ""  # its id; empty while the site has not answered
    number: int = 0
    ended: bool = False


@dataclass(frozen=True, kw_only=True)
class Project:
    """A folder with a quest in it."""

    root: Path
    facts: Facts

    @property
    def kit(self) -> Path:
        """The quest's folder, as far as it may be known at home."""
        return self.root / KIT

    @property
    def lessons(self) -> str:
        """The address below which the quest's lessons are."""
        return f"{self.facts.site}/quests/{self.facts.quest}/lessons/"

    def files(self) -> dict[str, bytes]:
        """The learner's work, by path. Raises Trouble for what cannot be handed in."""
        found: dict[str, bytes] = {}
        size = 0
        for path in sorted(self._paths()):
            place = self.root / path
            if place.is_symlink():
                raise Trouble(
                    f"A project holds plain files only, {path} is a link.",
                    code=Code.NOT_GRADABLE,
                    remedy="Replace it by the file itself, or have Git ignore it.",
                )
            if not place.is_file():
                continue  # deleted, and Git does not know it yet
            size += place.stat().st_size
            if size > LARGEST:
                raise Trouble(
                    f"A hand-in is at most {LARGEST // 1_000_000} MB, and with {path} these files "
                    "are more.",
                    code=Code.NOT_GRADABLE,
                    remedy="Leave out data, models and environments: list them in .gitignore.",
                )
            found[path] = place.read_bytes()
        return found

    def remember(self, **changed: object) -> "Project":
        """The project with other facts, written down."""
        facts = self.facts.model_copy(update=changed)
        write(self.root, facts)
        return Project(root=self.root, facts=facts)

    def sent(self) -> Sent | None:
        """What was handed in last from here."""
        try:
            return Sent.model_validate_json((self.root / OURS / "sent.json").read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def remember_sent(self, sent: Sent) -> Sent:
        """Write down what is handed in: before the site is asked, and after it has answered."""
        _whole(self.root / OURS / "sent.json", sent.model_dump_json(indent=1))
        return sent

    def _paths(self) -> Iterator[str]:
        git = Git(self.root)
        listed = git.work() if git.there else _walk(self.root)
        for path in listed:
            if path != BRIEF and not LEFT_OUT & set(path.split("/")):
                yield path


def find(start: Path | None = None) -> Project:
    """The project that a folder is in. Raises Trouble."""
    begin = (start or Path.cwd()).absolute()
    for folder in (begin, *begin.parents):
        mark = folder / MARK
        if mark.is_file():
            return Project(root=folder, facts=_read(mark))
    raise Trouble(
        f"This command works in a folder made by `sim pull`; {begin} is in none.",
        code=Code.USAGE,
        remedy="Go into the folder, or make one: sim pull QUEST",
        name="no_project",
    )


def write(root: Path, facts: Facts) -> None:
    """Write down what the command remembers of a folder."""
    (root / OURS).mkdir(exist_ok=True)
    _whole(root / MARK, facts.model_dump_json(indent=1))


def _read(mark: Path) -> Facts:
    try:
        return Facts.model_validate_json(mark.read_bytes())
    except ValidationError:
        raise Trouble(
            f"{mark} cannot be read.",
            code=Code.USAGE,
            remedy=f"Remove it and run `sim pull QUEST {mark.parents[1]}`: your files stay.",
        ) from None


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in names:
            yield (Path(folder) / name).relative_to(root).as_posix()


def _whole(path: Path, text: str) -> None:
    """Write a file so that it is never seen half."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
