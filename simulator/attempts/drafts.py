"""The project as it stands: enrol, save, rename, delete, reset, replace, download.

Every write names the revision it saw; one that saw an older one is a Conflict, never a loss.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Length, Now

from simulator.accounts.models import User
from simulator.attempts import intake
from simulator.catalog import quests
from simulator.catalog.models import Enrolment, ProjectFile

ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the same project packs to the same bytes
PLAIN_FILE: Final = 0o100644 << 16


class Conflict(Exception):
    """Someone else changed the file meanwhile; `current` is what stands there now, if anything."""

    def __init__(self, path: str, current: ProjectFile | None) -> None:
        super().__init__(f"{path} was changed by someone else")
        self.path = path
        self.current = current


def enrol(user: User, quest_slug: str, *, estimate_hours: float | None = None) -> Enrolment:
    """Begin a quest with its starter's files, or go on. Raises NoSuchQuest.

    Safe to press twice: the second enrolment is the first.
    """
    quest = quests.get_quest(quest_slug)
    with transaction.atomic():
        enrolment, created = Enrolment.objects.get_or_create(
            learner=user,
            quest=quest.slug,
            defaults={"version": quest.version, "estimate_hours": estimate_hours},
        )
        if created:
            ProjectFile.objects.bulk_create(
                ProjectFile(enrolment=enrolment, path=path, content=content)
                for path, content in quests.starter(quest).items()
            )
    return enrolment


def files_of(enrolment: Enrolment) -> dict[str, bytes]:
    """The files, by path."""
    rows = ProjectFile.objects.filter(enrolment=enrolment).values_list("path", "content")
    return {path: bytes(content) for path, content in rows}


def save_file(enrolment: Enrolment, path: str, content: bytes, *, seen: int | None) -> ProjectFile:
    """Save over the revision that was seen; with None, make a new file.

    Raises Conflict when another revision stands there, Refusal when the project may not hold it.
    """
    with transaction.atomic():
        _check_fits(enrolment, path, content)
        if seen is None:
            return _create(enrolment, path, content)
        rows = _at(enrolment, path, seen=seen).update(
            content=content, revision=F("revision") + 1, updated_at=Now()
        )
        if rows == 0:
            raise Conflict(path, _current(enrolment, path))
        return ProjectFile.objects.get(enrolment=enrolment, path=path)


def delete_file(enrolment: Enrolment, path: str, *, seen: int | None = None) -> None:
    """Delete a file; one that is gone already is. Raises Conflict for another revision."""
    file = _at(enrolment, path, seen=seen)
    if file.delete()[0] == 0:
        current = _current(enrolment, path)
        if current is not None:
            raise Conflict(path, current)


def rename_file(
    enrolment: Enrolment, path: str, new_path: str, *, seen: int | None = None
) -> ProjectFile:
    """Give a file another path. Raises Conflict when the file moved on or the path is taken."""
    with transaction.atomic():
        others = set(_paths(enrolment)) - {path}
        intake.check_path(new_path)
        if new_path in others:
            raise Conflict(new_path, _current(enrolment, new_path))
        intake.check_twins([*others, new_path])
        rows = _at(enrolment, path, seen=seen).update(
            path=new_path, revision=F("revision") + 1, updated_at=Now()
        )
        if rows == 0:
            raise Conflict(path, _current(enrolment, path))
    return ProjectFile.objects.get(enrolment=enrolment, path=new_path)


def reset_file(enrolment: Enrolment, path: str) -> ProjectFile:
    """Put the starter's file back. Raises KeyError when the starter has none of that path."""
    content = quests.starter(quests.get_quest(enrolment.quest))[path]
    file, created = ProjectFile.objects.get_or_create(
        enrolment=enrolment, path=path, defaults={"content": content}
    )
    if created:
        return file
    ProjectFile.objects.filter(pk=file.pk).update(
        content=content, revision=F("revision") + 1, updated_at=Now()
    )
    return ProjectFile.objects.get(pk=file.pk)


def replace_files(enrolment: Enrolment, files: Mapping[str, bytes]) -> None:
    """Make the project exactly these files. Raises Refusal; then nothing is changed."""
    intake.validate(files)
    with transaction.atomic():
        Enrolment.objects.select_for_update().get(pk=enrolment.pk)
        rows = {row.path: row for row in ProjectFile.objects.filter(enrolment=enrolment)}
        ProjectFile.objects.filter(
            enrolment=enrolment, path__in=rows.keys() - files.keys()
        ).delete()
        ProjectFile.objects.bulk_create(
            ProjectFile(enrolment=enrolment, path=path, content=files[path])
            for path in sorted(files.keys() - rows.keys())
        )
        for path in sorted(files.keys() & rows.keys()):
            if bytes(rows[path].content) != files[path]:
                ProjectFile.objects.filter(pk=rows[path].pk).update(
                    content=files[path], revision=F("revision") + 1, updated_at=Now()
                )


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """A project as an archive that `intake.read_zip` reads back."""
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            entry = zipfile.ZipInfo(path, date_time=ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = PLAIN_FILE
            archive.writestr(entry, content)
    return blob.getvalue()


def _create(enrolment: Enrolment, path: str, content: bytes) -> ProjectFile:
    try:
        with transaction.atomic():
            return ProjectFile.objects.create(enrolment=enrolment, path=path, content=content)
    except IntegrityError:
        raise Conflict(path, _current(enrolment, path)) from None


def _check_fits(enrolment: Enrolment, path: str, content: bytes) -> None:
    others = ProjectFile.objects.filter(enrolment=enrolment).exclude(path=path)
    total = others.aggregate(total=Sum(Length("content")))["total"] or 0
    intake.check_draft(_paths(enrolment), path=path, size=len(content), total=total + len(content))


def _paths(enrolment: Enrolment) -> list[str]:
    return [*ProjectFile.objects.filter(enrolment=enrolment).values_list("path", flat=True)]


def _at(enrolment: Enrolment, path: str, *, seen: int | None) -> QuerySet[ProjectFile]:
    file = ProjectFile.objects.filter(enrolment=enrolment, path=path)
    return file if seen is None else file.filter(revision=seen)


def _current(enrolment: Enrolment, path: str) -> ProjectFile | None:
    return ProjectFile.objects.filter(enrolment=enrolment, path=path).first()
