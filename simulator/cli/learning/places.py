"""Where a learner's machine keeps things: sign-ins, tables, runtimes."""

import os
from pathlib import Path


def settings() -> Path:
    """The folder of sign-ins: SIM_SETTINGS, or the desktop's place for settings."""
    told = os.environ.get("SIM_SETTINGS")
    return Path(told) if told else _desktop("XDG_CONFIG_HOME", ".config")


def home() -> Path:
    """The folder of tables and runtimes: SIM_HOME, or the desktop's place for data."""
    told = os.environ.get("SIM_HOME")
    return (Path(told) if told else _desktop("XDG_DATA_HOME", ".local/share")).absolute()


def _desktop(variable: str, below_home: str) -> Path:
    told = os.environ.get(variable)
    return (Path(told) if told else Path.home() / below_home) / "simulator"
