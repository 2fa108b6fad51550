"""What a verdict rests on: with the same basis, the same work gets the same verdict."""

import functools
import hashlib
import importlib.metadata
import platform
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from graders.datasets import Datasets
from graders.quest import Quest, Stage
from sandbox.images import naming
from sandbox.interface import Limits, Made

_HERE = Path(__file__).parent
_ASIDE = ("workshop", "calibration.py", "__main__.py")  # of the judge: what decides no verdict
_LIBRARIES = ("numpy", "pandas", "pyarrow", "scikit-learn")  # what a judge counts with


@dataclass(frozen=True, kw_only=True)
class Basis:
    """The facts of one grading. Nothing here tells what the hidden data are, or names them."""

    quest: str
    quest_version: str
    quest_digest: str
    stage: str
    runtime: str
    scale: str
    seed: int
    limits: Limits
    public_data: str  # the dataset's key, which follows from all that it is made of
    hidden_data: str  # SHA-256 over the names and keys of the hidden datasets
    work: str  # SHA-256 over the names and contents of the files
    judge: str  # SHA-256 over the judge's own code
    versions: Mapping[str, str]  # of the site, Python and what the judge counts with
    data: str = ""  # SHA-256 over the bytes of every table, public, hidden and of the truth
    inside: str = ""  # SHA-256 over our own code that runs in the rooms
    rooms: tuple[Made, ...] = ()  # what the rooms were; one of each kind
    shown: Mapping[str, float] = field(default_factory=dict)  # of hidden metrics before, by check

    @property
    def development_only(self) -> bool:
        """Whether any room was watched from outside only, without a control group."""
        return any(made.development_only for made in self.rooms)


def basis_of(
    quest: Quest,
    stage: Stage,
    files: Mapping[str, bytes],
    *,
    datasets: Datasets,
    limits: Limits,
    seed: int,
) -> Basis:
    """The basis before any room is open; `rooms` come when they are known."""
    return Basis(
        quest=quest.slug,
        quest_version=quest.version,
        quest_digest=quest.digest,
        stage=stage.slug,
        runtime=stage.runtime or quest.runtime,
        scale=datasets.scale,
        seed=seed,
        limits=limits,
        public_data=datasets.public,
        hidden_data=hidden_digest(datasets),
        work=work_digest(files),
        judge=judge_digest(),
        versions=versions(),
        data=data_digest(datasets),
        inside=inside_digest(),
    )


def work_digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over the names and contents of a work's files."""
    return _digest({path: hashlib.sha256(body).hexdigest() for path, body in files.items()})


def hidden_digest(datasets: Datasets) -> str:
    """SHA-256 over the names and keys of the hidden datasets: the names themselves stay here."""
    return _digest(datasets.hidden)


def data_digest(datasets: Datasets) -> str:
    """SHA-256 over the bytes of every table: keys tell how data were made, this what they are.

    The truth is in it under its folder's name, which only the installation's secret gives, so
    that nobody can try labels against a receipt.
    """
    folders = [datasets.public, *(key for _, key in sorted(datasets.hidden.items()))]
    warehouse = datasets.public_folder.parent
    return _tables_digest((*(warehouse / key for key in folders), datasets.truth))


@functools.lru_cache(maxsize=64)  # a dataset's folder never changes
def _tables_digest(folders: tuple[Path, ...]) -> str:
    return _digest(
        {
            f"{folder.name}/{path.name}": _sha256(path)
            for folder in folders
            for path in folder.glob("*.parquet")
        }
    )


@functools.cache
def inside_digest() -> str:
    """SHA-256 over what every room is built with of ours: agent, simkit, runtimes."""
    return _digest(
        {
            path.relative_to(naming.REPOSITORY).as_posix(): _sha256(path)
            for path in naming.carried()
        }
    )


@functools.cache
def judge_digest() -> str:
    """SHA-256 over the judge's code and messages, which type what a reason may say.

    Its check libraries decide as much as a quest's checks. The author's workshop decides nothing.
    """
    return _digest(
        {
            path.relative_to(_HERE).as_posix(): _sha256(path)
            for path in _HERE.rglob("*")
            if path.suffix in (".py", ".yaml") and path.relative_to(_HERE).parts[0] not in _ASIDE
        }
    )


@functools.cache
def versions() -> Mapping[str, str]:
    """The versions of the site, of Python and of what the judge counts with."""
    project = tomllib.loads((_HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    found = {"simulator": project["project"]["version"], "python": platform.python_version()}
    found["machine"] = f"{platform.system()} {platform.machine()}"
    return found | {name: importlib.metadata.version(name) for name in _LIBRARIES}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(facts: Mapping[str, str]) -> str:
    lines = "".join(f"{name}\0{value}\n" for name, value in sorted(facts.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
