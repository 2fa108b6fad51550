"""Whether someone has a second factor, and used it to sign in."""

from typing import Final

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest

from simulator.accounts.models import User

METHOD: Final = "mfa"


def has_second_factor(request: HttpRequest, person: User) -> bool:
    """Whether this session was opened with one.

    Who sets one up right now has just proven the first, and has the second in hand: allauth
    records that, too.
    """
    if not is_mfa_enabled(person):
        return False
    return any(record.get("method") == METHOD for record in get_authentication_records(request))
