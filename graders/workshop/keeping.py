"""Results of works kept by all that they follow from: what has not changed is not judged again."""

import fnmatch
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from graders.basis import basis_of, inside_digest, work_digest
from graders.datasets import Datasets
from graders.grading import limits_of
from graders.quest import Quest, Stage
from graders.results import Verdict
from graders.works import Work, bugs, read_files, reference, variants
from graders.workshop.matrix import Row
from sandbox.images import naming
from sandbox.interface import Made

_LAYOUT = 1  # raise it when what a kept result says, or what is looked for, changes
_VERDICT = TypeAdapter(Verdict)
_MADE = TypeAdapter(Made)
_SETTINGS = ("SANDBOX_SHELL", "SANDBOX_ROOMS", "SANDBOX_RUNTIME")
# What no verdict follows from: words for people, and works, which count by their own files.
_APART = (
    *("*.md", "mistakes/*", "cheats/*", "starter/*", "reference/*", "variants/*", "bugs/*"),
    *("calibrate.py", "CHANGELOG*", "translations.json"),
)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What is kept of one run: a verdict, or the sentence that refused the work."""

    verdict: Verdict | None
    refused: str
    leaks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A folder of results, one file a key."""

    folder: Path

    def find(self, key: str) -> Judged | None:
        """What is kept under a key; None for nothing, or for what an older version wrote."""
        try:
            facts = json.loads(self._place(key).read_bytes())
            verdict = facts["verdict"]
            return Judged(
                verdict=None if verdict is None else _VERDICT.validate_python(verdict),
                refused=facts["refused"],
                leaks=tuple(facts["leaks"]),
            )
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, ValidationError):
            return None

    def keep(self, key: str, row: Row) -> None:
        """Keep a row's first verdict under a key."""
        verdict = None if row.verdict is None else _VERDICT.dump_python(row.verdict, mode="json")
        facts = {"verdict": verdict, "refused": row.refused, "leaks": list(row.leaks)}
        place = self._place(key)
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_suffix(".fresh")
        fresh.write_text(json.dumps(facts), encoding="utf-8")
        fresh.replace(place)

    def rooms(self, runtime: str, *, shell: str) -> Made | None:
        """What rooms of a runtime were when they were last seen; None where that is unknown.

        Only to see whether anything is left to do: what is judged looks at the rooms anew.
        """
        try:
            return _MADE.validate_json(self._place(_rooms_key(runtime, shell)).read_bytes())
        except (OSError, ValidationError):
            return None

    def keep_rooms(self, made: Made, *, shell: str) -> None:
        """Remember what rooms are."""
        place = self._place(_rooms_key(made.runtime, shell))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(_MADE.dump_json(made))

    def _place(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


def key_of(
    work: Work,
    *,
    quest: Quest,
    datasets: Datasets,
    seed: int,
    made: Made,
    beside: Mapping[str, str],
) -> str:
    """The name of a result: SHA-256 over everything that it follows from.

    The work's files, the data, the seed, the limits, the judge's own code and versions, the
    rooms, and `beside`: the `material` of the stage and whatever else tells two results apart.
    """
    basis = basis_of(
        quest,
        work.stage,
        work.files,
        datasets=datasets,
        limits=limits_of(quest, work.stage),
        seed=seed,
    )
    facts = {
        "layout": _LAYOUT,
        "beside": dict(beside),
        "basis": TypeAdapter(type(basis)).dump_python(basis, mode="json"),
        "made": _MADE.dump_python(made, mode="json"),
    }
    for name in ("quest_digest", "quest_version"):  # of these, only what counts is a part
        del facts["basis"][name]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def material(quest: Quest, stage: Stage) -> dict[str, str]:
    """Digests of all in the quest that a verdict of this stage may follow from, but the work.

    Not: words for people, other works (blind runs aside), other stages.
    """
    blind = [reference(quest, stage), *variants(quest, stage), *bugs(quest, stage)]
    found = {work.name: work_digest(work.files) for work in blind}
    own = quest.stage_folder(stage).relative_to(quest.folder).as_posix()
    for path, body in read_files(quest.folder).items():
        other = path.startswith("stages/") and not path.startswith(f"{own}/")
        if not other and not any(fnmatch.fnmatchcase(path, pattern) for pattern in _APART):
            found[path] = hashlib.sha256(body).hexdigest()
    return found


def _rooms_key(runtime: str, shell: str) -> str:
    """The name of what rooms were: by all of ours that they are built from, and the settings."""
    settings = [os.environ.get(name, "") for name in _SETTINGS]
    facts = ["rooms", runtime, shell, inside_digest(), _sha256(naming.lock(runtime)), *settings]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
