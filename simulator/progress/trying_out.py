"""A first stage without an account: a visitor gets a person of their own for seven days."""

import secrets
from datetime import timedelta
from typing import Final

from django.contrib.auth import login
from django.http import HttpRequest
from django.utils import timezone

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.accounts.pacing import Limit, address_of, pace
from simulator.attempts import drafts
from simulator.catalog.models import Enrolment

LASTS: Final = timedelta(days=7)
BEGIN: Final = Limit(name="trial", times=20, seconds=3600)
FORGOTTEN_AT_ONCE: Final = 20
BACKEND: Final = "allauth.account.auth_backends.AuthenticationBackend"


def begin(request: HttpRequest, quest: Quest) -> Enrolment:
    """Enrol a visitor, who needs no name. Raises TooMany for an address that begins often."""
    if isinstance(request.user, User):
        return drafts.enrol(request.user, quest.slug)
    pace(BEGIN, address_of(request))
    _forget_old()
    visitor = User(
        username=f"visitor-{secrets.token_hex(6)}",
        trial_until=timezone.now() + LASTS,
        language=getattr(request, "LANGUAGE_CODE", "en")[:2],
    )
    visitor.set_unusable_password()
    visitor.save()
    login(request, visitor, backend=BACKEND)
    request.session.set_expiry(LASTS)
    request.session["trial"] = True
    return drafts.enrol(visitor, quest.slug)


def _forget_old() -> None:
    """A trial that nobody took over ends; a few at a time, whenever another begins."""
    over = User.objects.filter(trial_until__lt=timezone.now()).order_by("pk")
    User.objects.filter(pk__in=[*over.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]]).delete()
