"""Publish a quest: an immutable bundle by its hash, of exactly what was proven.

A shelf is a folder: ``<shelf>/<slug>/index.json`` lists what was published, oldest first, and
``<slug>-<version>-<hash>.tar.gz`` beside it are the bundles. Nothing there is ever changed.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from graders.basis import judge_digest
from graders.faults import QuestError
from graders.forms import LANGUAGES
from graders.loading import load_checks, load_quest
from graders.quest import Facts, Quest, Status
from graders.workshop.bumping import Bump, Change, changes, of_checks, refusal, step
from graders.workshop.bundles import bundled, content_digest, pack, unpack
from graders.workshop.proofs import Proof, find_proof

INDEX = "index.json"
_READ_ONLY = 0o444
_PUBLIC = (Status.BETA, Status.ACTIVE, Status.DEPRECATED)


class CannotPublish(Exception):
    """Something is in the way; the message says what, and what to do."""


class Published(Facts):
    """One published version."""

    version: str
    status: Status
    bundle: str  # the file's name
    sha256: str  # of its bytes
    content: str  # SHA-256 over the names and contents in it
    judge: str
    proven_at: tuple[str, ...]  # scales
    changes: tuple[str, ...]  # since the version before
    at: str


class Shelf(Facts):
    """All published versions of a quest, the oldest first."""

    quest: str
    uuid: str
    versions: tuple[Published, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What publishing would do."""

    quest: Quest
    files: Mapping[str, bytes]
    proofs: tuple[Proof, ...]
    last: Published | None
    changes: tuple[Change, ...]

    @property
    def needless(self) -> bool:
        """Whether the step is larger than any change asks for."""
        most = max((change.bump for change in self.changes), default=Bump.PATCH)
        return self.last is not None and step(self.last.version, self.quest.version) > most


def plan(quest: Quest, *, shelf: Path, home: Path) -> Plan:
    """See what would be published. Raises CannotPublish with the first thing in the way."""
    if quest.status not in _PUBLIC:
        raise CannotPublish(f"status is {quest.status}: set it to beta or active in quest.yaml")
    for path in untranslated(quest.folder):
        raise CannotPublish(f"{path} is missing: a quest is published in both languages or not")
    files = bundled(quest.folder)
    known = read_shelf(shelf, quest)
    last = known.versions[-1] if known.versions else None
    found = _since(quest, files, shelf, last)
    if last:
        why = refusal(last.version, quest.version, found)
        if why:
            raise CannotPublish(why)
    proofs = _proofs(quest, home)
    return Plan(quest=quest, files=files, proofs=proofs, last=last, changes=tuple(found))


def publish(what: Plan, *, shelf: Path) -> Path:
    """Write the bundle and list it; the same plan twice writes the same bytes.

    Raises CannotPublish where other bytes have the name.
    """
    quest = what.quest
    body = pack(what.files, root=quest.slug)
    digest = hashlib.sha256(body).hexdigest()
    folder = shelf / quest.slug
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{quest.slug}-{quest.version}-{digest[:16]}.tar.gz"
    if place.exists() and place.read_bytes() != body:
        raise CannotPublish(f"{place} holds other bytes than its name says; it was tampered with")
    if not place.exists():
        _write(place, body)
        place.chmod(_READ_ONLY)
    entry = Published(
        version=quest.version,
        status=quest.status,
        bundle=place.name,
        sha256=digest,
        content=content_digest(what.files),
        judge=judge_digest(),
        proven_at=tuple(proof.manner.scale for proof in what.proofs),
        changes=tuple(f"{one.bump.name.lower()}: {one.what}" for one in what.changes),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    known = read_shelf(shelf, quest)
    grown = known.model_copy(update={"versions": (*known.versions, entry)})
    _write(folder / INDEX, (grown.model_dump_json(indent=1) + "\n").encode())
    return place


def read_shelf(shelf: Path, quest: Quest) -> Shelf:
    """What is published of a quest. Raises CannotPublish for an index that is none of it."""
    place = shelf / quest.slug / INDEX
    if not place.is_file():
        return Shelf(quest=quest.slug, uuid=quest.uuid)
    try:
        known = Shelf.model_validate_json(place.read_bytes())
    except ValidationError as error:
        raise CannotPublish(f"{place} is no index of bundles: {error}") from None
    if known.uuid != quest.uuid:
        raise CannotPublish(
            f"{place} is of the quest {known.uuid}; quest.yaml says {quest.uuid}. A quest keeps"
            " its uuid for life; another quest needs another slug"
        )
    return known


def untranslated(folder: Path) -> Iterator[str]:
    """The texts that exist in one language and not in another, by their path in the quest."""
    texts = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.md")
        if any(path.name.endswith(f".{language}.md") for language in LANGUAGES)
    }
    for text in sorted(texts):
        stem = text.rsplit(".", 2)[0]
        for language in LANGUAGES:
            if f"{stem}.{language}.md" not in texts:
                yield f"{stem}.{language}.md"


def _proofs(quest: Quest, home: Path) -> tuple[Proof, ...]:
    """The proofs of exactly this content, by this judge. Raises CannotPublish where one lacks.

    A beta needs one at any scale; an active quest one at the scale that learners are judged on.
    """
    found = [find_proof(quest, scale=scale, home=home) for scale in quest.scales]
    proofs = tuple(proof for proof in found if proof)
    for proof in proofs:
        if proof.problems:
            raise CannotPublish(
                f"the last verification of this content, at {proof.manner.scale}, found"
                f" {len(proof.problems)} to mend, the first: {proof.problems[0]}"
            )
    if quest.status is Status.BETA:
        if not proofs:
            raise CannotPublish("nothing has proven exactly this content: run `sim verify` first")
        return proofs
    scales = [proof.manner.scale for proof in proofs]
    if quest.grading_scale not in scales:
        told = f"only at {', '.join(scales)}" if scales else "not at all"
        raise CannotPublish(
            f"exactly this content is proven {told}; an {quest.status} quest is proven at"
            f" {quest.grading_scale}, as learners are judged: run `sim verify --full` first"
        )
    return proofs


def _since(
    quest: Quest, files: Mapping[str, bytes], shelf: Path, last: Published | None
) -> list[Change]:
    if last is None:
        return []
    before = _taken(shelf / quest.slug / last.bundle, last)
    return sorted(
        [*changes(before, files), *_of_checks(before, quest)],
        key=lambda change: (-change.bump, change.what),
    )


def _taken(place: Path, last: Published) -> dict[str, bytes]:
    """The files of a bundle that is still what it was. Raises CannotPublish."""
    try:
        body = place.read_bytes()
    except OSError as error:
        raise CannotPublish(f"{place}, the last version, cannot be read: {error}") from None
    if hashlib.sha256(body).hexdigest() != last.sha256:
        raise CannotPublish(f"{place} is not what was published: its SHA-256 differs")
    return unpack(place)


def _of_checks(before: Mapping[str, bytes], quest: Quest) -> Iterator[Change]:
    """What new or graver checks ask for, stage by stage."""
    with tempfile.TemporaryDirectory(prefix="bundle-") as name:
        folder = Path(name) / quest.slug
        for path, body in before.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(body)
        try:
            old = load_quest(folder)
            was = {stage.slug: _severities(old, stage.slug) for stage in old.stages}
        except QuestError:
            return  # of an older form: its files have been compared
    for stage in quest.stages:
        if stage.slug in was:
            is_ = _severities(quest, stage.slug)
            yield from of_checks(was[stage.slug], is_, stage=stage.slug)


def _severities(quest: Quest, slug: str) -> dict[str, str]:
    return {check.name: check.severity.value for check in load_checks(quest, quest.stage(slug))}


def _write(place: Path, body: bytes) -> None:
    """A file that appears whole or not at all."""
    fresh = place.with_name(f".{place.name}.fresh")
    fresh.write_bytes(body)
    fresh.replace(place)
