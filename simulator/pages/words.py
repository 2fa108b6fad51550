"""The judge's words as people read them."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

OUTCOMES: Final[dict[str, Promise]] = {
    "passed": pgettext_lazy("check", "Passed"),
    "partial": pgettext_lazy("check", "Partial"),
    "failed": pgettext_lazy("check", "Failed"),
    "error": _("Your code raised an error"),
    "timeout": _("Timed out"),
    "limit": _("Over a limit"),
    "skipped": _("Skipped"),
    "broken": _("Our fault, free of charge"),
}
SEVERITIES: Final[dict[str, Promise]] = {
    "blocker": _("blocker"),
    "major": _("major"),
    "minor": _("minor"),
    "note": _("note"),
    "praise": _("praise"),
}
GROUPS: Final[dict[str, Promise]] = {
    "production": _("Production"),
    "tests": _("Tests"),
    "metrics": _("Metrics"),
    "business": _("Business"),
}
PHASES: Final[dict[str, Promise]] = {
    "intake": _("Files"),
    "static": _("Style, types, structure"),
    "public": _("Public checks"),
    "own_tests": _("Your tests, blind"),
    "train": _("Training"),
    "hidden": _("Hidden data"),
    "service": _("Service"),
    "rollout": _("Rollout"),
}
ROOMS: Final[dict[str, Promise]] = {
    "nested": _("rooms inside a shared shell"),
    "container": _("a container of its own"),
}
MEMORY: Final[dict[str, Promise]] = {
    "control group": _("the kernel, in a control group a room"),
    "20 ms watch": _("a watch that looks every 20 ms"),
}
PARTS: Final[dict[str, Promise]] = {
    "database": _("Database"),
    "redis": _("Redis"),
    "worker": _("Worker"),
    "runner": _("Runner of rooms"),
}
READINESS: Final[dict[str, Promise]] = {
    "not_ready": _("Not ready"),
    "pilot": _("Pilot"),
    "production": pgettext_lazy("readiness", "Production"),
}
HEADLINES: Final[dict[str, Promise]] = {
    "not_ready": _("Not ready yet"),
    "pilot": _("Ready for a pilot, not for production"),
    "production": _("Ready for production"),
}
READINESS_STATUS: Final = {"not_ready": "failed", "pilot": "partial", "production": "passed"}
GLYPHS: Final = {  # outcomes of a check, and what the look calls them
    "passed": "passed",
    "partial": "partial",
    "failed": "failed",
    "error": "failed",
    "timeout": "timeout",
    "limit": "timeout",
    "skipped": "skipped",
    "broken": "fault",
}
