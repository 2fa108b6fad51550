"""Learners with a token each, made by the site's own code in a process of the site."""

import json
import subprocess
import sys
from typing import Final

from simulator.environment import ROOT
from tests.chaos.site import Site

SCRIPT: Final = """
import json
from simulator.accounts import tokens
from simulator.accounts.models import User
made = []
for number in range({count}):
    user, _ = User.objects.get_or_create(username=f"{prefix}-{{number}}")
    made.append(tokens.issue(user, name="chaos"))
print("TOKENS " + json.dumps(made))
"""


def tokens(site: Site, count: int, *, prefix: str = "learner") -> list[str]:
    """The tokens of so many learners."""
    finished = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", SCRIPT.format(count=count, prefix=prefix)],
        cwd=ROOT,
        env=site.env(),
        check=True,
        capture_output=True,
        text=True,
    )
    (line,) = [line for line in finished.stdout.splitlines() if line.startswith("TOKENS ")]
    told: list[str] = json.loads(line.removeprefix("TOKENS "))
    return told
