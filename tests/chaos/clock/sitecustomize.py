"""A clock that the chaos may step: Python's time.time, off by what a file says.

Only processes that the chaos starts have this folder on their path. The database's clock, which
leases go by, and the monotonic one, which limits go by, are the machine's.
"""

import os
import time
from pathlib import Path

_FILE = os.environ.get("SIM_CHAOS_CLOCK", "")
_true_time = time.time
_known = [0.0, 0.0]  # when the file was read, what it said


def _time() -> float:
    now = time.monotonic()
    if now - _known[0] > 0.2:
        _known[0] = now
        try:
            _known[1] = float(Path(_FILE).read_text(encoding="ascii") or 0)
        except (OSError, ValueError):
            _known[1] = 0.0
    return _true_time() + _known[1]


if _FILE:
    time.time = _time
