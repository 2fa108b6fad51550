"""Quests as they were when something was graded, kept in the database that all hosts share.

A host that lacks the copy that a grading is pinned to unpacks it from here; and a backup of the
database is a backup of what its verdicts rest on.
"""

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from graders.loading import digest_of
from graders.quest import Quest
from simulator.catalog.models import KeptQuest

DATE: Final = (1980, 1, 1, 0, 0, 0)  # the same quest packs to the same bytes


def store(quest: Quest) -> None:
    """Keep a quest under its digest; one that is there stays as it is."""
    if KeptQuest.objects.filter(digest=quest.digest).exists():
        return
    row = KeptQuest(digest=quest.digest, slug=quest.slug, archive=_packed(quest.folder))
    KeptQuest.objects.bulk_create([row], ignore_conflicts=True)


def fetch(digest: str, *, into: Path) -> bool:
    """Unpack the quest of a digest as the folder `into`; False when it is not kept."""
    archive = KeptQuest.objects.filter(digest=digest).values_list("archive", flat=True).first()
    if archive is None:
        return False
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=".new-") as folder:
        copy = Path(folder) / into.name
        try:
            with zipfile.ZipFile(io.BytesIO(bytes(archive))) as packed:
                packed.extractall(copy)
        except zipfile.BadZipFile:
            return False
        if digest_of(copy) != digest:
            return False
        try:
            copy.rename(into)
        except OSError:
            return into.is_dir()  # another process was first, with the same bytes
    return True


def _packed(folder: Path) -> bytes:
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and not any(_left_out(part) for part in inside.parts):
                archive.writestr(
                    zipfile.ZipInfo(inside.as_posix(), DATE),
                    path.read_bytes(),
                    zipfile.ZIP_DEFLATED,
                )
    return blob.getvalue()


def _left_out(part: str) -> bool:
    return part == "__pycache__" or part.startswith(".")
