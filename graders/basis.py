"""What a verdict rests on: with the same basis, the same work gets the same verdict."""

import functools
import hashlib
import importlib.metadata
import platform
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graders.datasets import Datasets
from graders.quest import Quest, Stage
from sandbox.interface import Limits, Made

_HERE = Path(__file__).parent
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
    rooms: tuple[Made, ...] = ()  # what the rooms were; one of each kind

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
    )


def work_digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over the names and contents of a work's files."""
    return _digest({path: hashlib.sha256(body).hexdigest() for path, body in files.items()})


def hidden_digest(datasets: Datasets) -> str:
    """SHA-256 over the names and keys of the hidden datasets: the names themselves stay here."""
    return _digest(datasets.hidden)


@functools.cache
def judge_digest() -> str:
    """SHA-256 over the judge's code: its checks libraries decide as much as a quest's checks."""
    return _digest(
        {
            path.relative_to(_HERE).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in _HERE.rglob("*.py")
        }
    )


@functools.cache
def versions() -> Mapping[str, str]:
    """The versions of the site, of Python and of what the judge counts with."""
    project = tomllib.loads((_HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    found = {"simulator": project["project"]["version"], "python": platform.python_version()}
    return found | {name: importlib.metadata.version(name) for name in _LIBRARIES}


def _digest(facts: Mapping[str, str]) -> str:
    lines = "".join(f"{name}\0{value}\n" for name, value in sorted(facts.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
