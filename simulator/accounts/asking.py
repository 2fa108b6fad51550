"""Who asks."""

from django.http import HttpRequest

from simulator.accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """The person behind a request to a page that only they may open. Raises TypeError."""
    if not isinstance(request.user, User):
        raise TypeError("this page is only for people who signed in")
    return request.user
