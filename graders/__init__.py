"""The judge: the author's words. A quest's checks import from here and from `graders.metrics`."""

from graders.checking import Check, Praise, check, praise
from graders.failures import Ended, Fail, fail
from graders.results import Location, Phase
from graders.workspace import SqlResult, Workspace

__all__ = [
    "Check",
    "Ended",
    "Fail",
    "Location",
    "Phase",
    "Praise",
    "SqlResult",
    "Workspace",
    "check",
    "fail",
    "praise",
]
