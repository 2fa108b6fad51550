"""`python -m tests.attack.people QUEST NAME…`: learners of a site who have begun a quest.

Prints for each a token of the API and a session of the pages, as JSON. A process of its own,
with the site's settings in its environment.
"""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django comes first
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

from simulator.accounts import tokens  # noqa: E402
from simulator.accounts.models import User  # noqa: E402
from simulator.attempts import drafts  # noqa: E402


def main(words: list[str]) -> None:
    """Make them all."""
    quest, *names = words
    made = {name: _made(name, quest) for name in names}
    sys.stdout.write(json.dumps(made))


def _made(name: str, quest: str) -> dict[str, str]:
    user = User.objects.create_user(name, f"{name}@example.org")
    drafts.enrol(user, quest)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return {
        "token": tokens.issue(user, name="attack"),
        "session": str(session.session_key),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
