"""Invite learners by a link or by a list, and let them join: nobody is added unasked.

To join a cohort lets its staff read one's work in its quests, so the learner says yes.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from simulator.accounts.models import User
from simulator.cohorts import planning
from simulator.cohorts.models import Cohort, Invitation, Membership

LASTS: Final = timedelta(days=30)
MOST_LINES: Final = 2000
MOST_USES: Final = 1000
LONGEST_GROUP: Final = 40


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of a list."""

    invited: int
    known: int  # invited before, or in the cohort already
    unreadable: tuple[tuple[int, str], ...]  # line and what stands there


def invite(cohort: Cohort, *, author: User, group: str = "", uses: int = MOST_USES) -> Invitation:
    """A link for anybody who gets it."""
    return Invitation.objects.create(
        cohort=cohort,
        group=group.strip()[:LONGEST_GROUP],
        author=author,
        expires_at=timezone.now() + LASTS,
        uses_left=max(1, min(uses, MOST_USES)),
    )


def invite_list(cohort: Cohort, text: str, *, author: User) -> Imported:
    """A link for every address of a CSV text: `email` and perhaps `group`, a line a person."""
    known = {
        *Invitation.objects.filter(cohort=cohort).values_list("email", flat=True),
        *cohort.memberships.values_list("learner__email", flat=True),
    }
    made: dict[str, Invitation] = {}
    unreadable: list[tuple[int, str]] = []
    repeated = 0
    for number, email, group in _lines(text):
        if not _is_email(email):
            unreadable.append((number, email[:80]))
        elif email in known or email in made:
            repeated += 1
        else:
            made[email] = Invitation(
                cohort=cohort,
                email=email,
                group=group[:LONGEST_GROUP],
                author=author,
                expires_at=timezone.now() + LASTS,
            )
    Invitation.objects.bulk_create(made.values())
    return Imported(invited=len(made), known=repeated, unreadable=tuple(unreadable))


def find_invitation(token: str) -> Invitation | None:
    """The invitation of a link, while it can be used."""
    found = Invitation.objects.filter(token=token, expires_at__gt=timezone.now(), uses_left__gt=0)
    return found.select_related("cohort").first()


def join(invitation: Invitation, learner: User) -> bool:
    """Become a learner of the cohort; False when the link was used up meanwhile."""
    with transaction.atomic():
        if Membership.objects.filter(cohort=invitation.cohort, learner=learner).exists():
            return True
        taken = Invitation.objects.filter(pk=invitation.pk, uses_left__gt=0).update(
            uses_left=F("uses_left") - 1
        )
        if not taken:
            return False
        Membership.objects.create(
            cohort=invitation.cohort, learner=learner, group=invitation.group
        )
        planning.begin_pinned(invitation.cohort)
    return True


def leave(cohort: Cohort, learner: User) -> bool:
    """Go: from now on the staff no longer sees the learner's work."""
    return Membership.objects.filter(cohort=cohort, learner=learner).delete()[0] > 0


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, address, group; a first line that names the columns is left out."""
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    for number, row in enumerate(rows, start=1):
        if number > MOST_LINES:
            return
        cells = [cell.strip() for cell in row] + [""]
        if not any(cells) or (number == 1 and cells[0].lower() == "email"):
            continue
        yield number, cells[0].lower(), cells[1]


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
