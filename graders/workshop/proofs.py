"""That a quest was proven: kept by its content, so that nothing else can be published."""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from graders.basis import judge_digest
from graders.quest import Facts, Quest
from graders.workshop.bundles import bundled, content_digest
from graders.workshop.matrix import Row

_FOLDER = "proofs"


class Manner(Facts):
    """How a quest was verified."""

    scale: str
    towns: int
    runs: int
    whole: bool  # nothing was left out


class Proof(Facts):
    """What a verification found."""

    quest: str
    version: str
    content: str  # SHA-256 over all that would be published
    judge: str
    manner: Manner
    works: int
    checks: int
    problems: tuple[str, ...]
    at: str


def proof_of(quest: Quest, rows: list[Row], problems: list[str], *, manner: Manner) -> Proof:
    """The proof that these rows are."""
    return Proof(
        quest=quest.slug,
        version=quest.version,
        content=content_digest(bundled(quest.folder)),
        judge=judge_digest(),
        manner=manner,
        works=len({row.work.label for row in rows}),
        checks=len({(row.work.stage.slug, r.check) for row in rows for r in row.results}),
        problems=tuple(problems),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def keep_proof(proof: Proof, home: Path) -> None:
    """Keep a proof of the whole quest, good or bad: the last word on this content counts."""
    if not proof.manner.whole:
        return
    place = _place(home, proof.content, proof.manner.scale)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(proof.model_dump_json(indent=1) + "\n", encoding="utf-8")


def find_proof(quest: Quest, *, scale: str, home: Path) -> Proof | None:
    """The proof of exactly this content by this judge at a scale; None for none."""
    try:
        place = _place(home, content_digest(bundled(quest.folder)), scale)
        proof = Proof.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):
        return None
    return proof if proof.judge == judge_digest() else None


def _place(home: Path, content: str, scale: str) -> Path:
    return home / _FOLDER / f"{content}-{scale}.json"
