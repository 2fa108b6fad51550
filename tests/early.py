"""Loaded before Django's settings: tests get a home of their own, never the developer's."""

import os
import tempfile
from pathlib import Path

os.environ["SIM_HOME"] = tempfile.mkdtemp(prefix="sim-tests-")
Path(os.environ["SIM_HOME"], "static").mkdir()  # whitenoise warns where there is none
os.environ["SIM_DEBUG"] = "0"
os.environ.setdefault(
    "SIM_RUNTIMES", str(Path(__file__).resolve().parent.parent / ".sim" / "runtimes")
)
