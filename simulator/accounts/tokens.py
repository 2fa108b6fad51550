"""Issue and recognise API tokens; the database keeps digests only."""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from django.db.models import Q, Value
from django.db.models.functions import Now

from simulator.accounts.models import ApiToken, User

PREFIX: Final = "sim_"
LIFETIME: Final = timedelta(days=90)
USE_IS_NOTED_EVERY: Final = timedelta(minutes=5)


def issue(user: User, *, name: str) -> str:
    """A new token for `user`; nobody can show it again."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        user=user,
        digest=_digest(token),
        name=name[:80],
        expires_at=Now() + Value(LIFETIME),
    )
    return token


def holder(token: str) -> User | None:
    """Who holds this token, if it still counts and they may still sign in."""
    found = (
        ApiToken.objects.filter(digest=_digest(token), expires_at__gt=Now(), user__is_active=True)
        .select_related("user")
        .first()
    )
    if found is None:
        return None
    stale = Q(last_used_at=None) | Q(last_used_at__lt=Now() - Value(USE_IS_NOTED_EVERY))
    ApiToken.objects.filter(stale, pk=found.pk).update(last_used_at=Now())
    return found.user


def revoke(token: str) -> None:
    """Make a token useless; one that is unknown already is."""
    ApiToken.objects.filter(digest=_digest(token)).delete()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
