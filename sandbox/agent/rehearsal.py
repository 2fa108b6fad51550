"""Goes through what every suite of tests goes through, once a template, on tests of our own.

A forked process starts where the template stood: with pytest's code specialised already,
and its caches filled. Otherwise each room does that anew, and copies the pages that it writes to.
"""

import contextlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.agent import sessions

SUITE = Path(__file__).with_name("rehearsed")
WORDS = ("-q", "-p", "no:cacheprovider", "--capture=sys", "--import-mode=importlib", "-c/dev/null")
TIMES = 2  # what has run a few times is specialised


def rehearse() -> str:
    """Run our tests where pytest is imported; say what was wrong with them, which is nothing."""
    if "pytest" not in sys.modules:
        return ""
    modules = set(sys.modules)
    listing = sessions.Listing()
    for _ in range(TIMES):
        wrong = session(plugins=[listing])
        for name in [name for name in sys.modules if name not in modules and "rehearsed" in name]:
            del sys.modules[name]
        if wrong:
            return wrong
    sessions.get_ready(listing.plugins)
    return ""


def session(*words: str, plugins: Sequence[object] = ()) -> str:
    """Run our tests once, where pytest is imported; say what was wrong with them."""
    if "pytest" not in sys.modules:
        return ""
    import pytest  # noqa: PLC0415 - a runtime may have none

    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main([*WORDS, *words, f"--rootdir={SUITE}", str(SUITE)], plugins=plugins)
    return said.getvalue() if code else ""
