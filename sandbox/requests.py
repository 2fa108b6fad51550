"""What may be asked of a learner's service: requests that say one thing, and only that."""

import math
import re

from sandbox.interface import Ask, Json

MOST = 5_000  # requests at once
LATEST = 600.0  # seconds after the first
_METHOD = re.compile(r"[A-Z]{1,20}")
_PATH = re.compile(r"/[\x21-\x7e]{0,4000}")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8000}")


def written(ask: Ask) -> dict[str, Json]:
    """A request as it crosses, its body apart. Raises ValueError for one that is out of form."""
    if not _METHOD.fullmatch(ask.method):
        raise ValueError(f"{ask.method!r} is no method of HTTP")
    if not _PATH.fullmatch(ask.path):
        raise ValueError(f"{ask.path!r} is no path: it begins with / and is percent-encoded")
    for name, value in ask.headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"{name!r} is no header of HTTP")
    if not (math.isfinite(ask.due) and 0 <= ask.due <= LATEST):
        raise ValueError(f"a request is due 0 to {LATEST:.0f} s after the first, not {ask.due}")
    return {
        "method": ask.method,
        "path": ask.path,
        "headers": dict(ask.headers),
        "size": len(ask.body),
        "due": ask.due,
    }
