"""Sign in a device without a password on it: the device authorisation grant of RFC 8628.

The device shows a short code and polls with a long one. Whoever is signed in to the site types
the short code and allows it; then the long one buys a token, once.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Now

from simulator.accounts import tokens
from simulator.accounts.models import User
from simulator.accounts.pacing import Limit
from simulator.api.models import DeviceSignIn

LIFETIME: Final = timedelta(minutes=10)
INTERVAL: Final = 3  # seconds from one question of the device to the next
LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"  # none looks like another, none makes a word
HALF: Final = 4
ASK_DEVICE: Final = Limit(name="device", times=20, seconds=300)
POLL_DEVICE: Final = Limit(name="device-poll", times=30, seconds=60)
TYPE_CODE: Final = Limit(name="device-code", times=10, seconds=300)

Answer = DeviceSignIn.Answer


class NotYet(Exception):
    """Nobody has answered."""


class Denied(Exception):
    """The owner of the site's session said no."""


class Expired(Exception):
    """The code is unknown, used, or its time is up."""


def begin(*, name: str, address: str) -> tuple[str, DeviceSignIn]:
    """A new device that waits, with the code that only the device will know."""
    DeviceSignIn.objects.filter(expires_at__lte=Now()).delete()
    code = secrets.token_urlsafe(32)
    while True:
        try:
            with transaction.atomic():
                return code, DeviceSignIn.objects.create(
                    digest=_digest(code),
                    user_code=_user_code(),
                    name=name[:80],
                    address=address[:60],
                    expires_at=Now() + Value(LIFETIME),
                )
        except IntegrityError:  # two short codes are the same once in ten milliards
            continue


def waiting(user_code: str) -> DeviceSignIn | None:
    """The device that shows this code, if it still waits. Case and hyphens do not matter."""
    letters = "".join(letter for letter in user_code.upper() if letter.isalnum())
    code = f"{letters[:HALF]}-{letters[HALF:]}"
    return DeviceSignIn.objects.filter(
        user_code=code, expires_at__gt=Now(), answer=Answer.NONE
    ).first()


def answer(device: DeviceSignIn, user: User, *, allowed: bool) -> bool:
    """Allow or deny it; False if somebody was first."""
    said = Answer.ALLOWED if allowed else Answer.DENIED
    row = DeviceSignIn.objects.filter(pk=device.pk, answer=Answer.NONE, expires_at__gt=Now())
    return row.update(answer=said, user=user) == 1


def claim(code: str) -> str:
    """The token of a device that was allowed; told once. Raises NotYet, Denied, Expired."""
    device = (
        DeviceSignIn.objects.filter(digest=_digest(code), expires_at__gt=Now())
        .select_related("user")
        .first()
    )
    if device is None:
        raise Expired
    if device.answer == Answer.NONE:
        raise NotYet
    # Whoever deletes the row has the answer: the code is good for one token.
    deleted, _ = DeviceSignIn.objects.filter(pk=device.pk).delete()
    if not deleted:
        raise Expired
    if device.answer == Answer.DENIED or device.user is None or not device.user.is_active:
        raise Denied
    return tokens.issue(device.user, name=device.name)


def _user_code() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(2 * HALF))
    return f"{letters[:HALF]}-{letters[HALF:]}"


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
