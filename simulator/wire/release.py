"""Which version of the Simulator this is: a checkout's own word, else what pip installed."""

import importlib.metadata
import tomllib
from pathlib import Path
from typing import Final

_PROJECT: Final = Path(__file__).resolve().parents[2] / "pyproject.toml"


def version() -> str:
    """The version of the Simulator."""
    if _PROJECT.is_file():
        project = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))
        return str(project["project"]["version"])
    return importlib.metadata.version("simulator")
