"""Light, dark, or as the system: kept with the person, or in a cookie of someone unknown."""

from typing import Final

from django.http import HttpRequest

COOKIE: Final = "theme"
SYSTEM: Final = "system"
FORCED: Final = ("light", "dark")
CHOICES: Final = (SYSTEM, *FORCED)


def chosen(request: HttpRequest) -> str:
    """The theme of who asks; an unknown word counts as the system's."""
    person = getattr(request, "user", None)  # a refused request may come before anyone is known
    theme = getattr(person, "theme", None) or request.COOKIES.get(COOKIE, SYSTEM)
    return theme if theme in CHOICES else SYSTEM
