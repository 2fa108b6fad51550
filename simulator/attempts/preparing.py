"""What a quest's rooms still wait for on this host: a runtime is built when it is first needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext, gettext_lazy

from graders.quest import Quest
from sandbox.client import RunnerSandbox
from sandbox.interface import SandboxError

ALWAYS_THERE: Final = "python-ml"  # built before the site is up
# The builder's words for its steps, as they begin, and ours.
STEPS: Final = {
    "copying Python": gettext_lazy("copying Python"),
    "installing": gettext_lazy("installing the libraries"),
    "copying the shared": gettext_lazy("gathering what they need"),
    "compiling": gettext_lazy("compiling"),
}


@dataclass(frozen=True, kw_only=True)
class Preparing:
    """A runtime that is not there yet."""

    runtime: str
    step: str  # what is being done, in the reader's language
    seconds: int
    failed: str  # why it cannot be had; empty while it is being built


def prepare(quest: Quest) -> Preparing | None:
    """Begin to build what a quest's rooms need and this host lacks; None when all is there.

    Never waits for a build. A runner that does not answer has its own page.
    """
    named = {stage.runtime or quest.runtime for stage in quest.stages} - {ALWAYS_THERE}
    for runtime in sorted(named):
        try:
            told = RunnerSandbox(Path(settings.SIM_RUNNER_SOCKET)).prepare(runtime)
        except SandboxError:
            return None
        if told.get("ready") is not True:
            return Preparing(
                runtime=runtime,
                step=_said(str(told.get("step", ""))),
                seconds=int(told.get("seconds", 0)),
                failed=str(told.get("failed", "")),
            )
    return None


def _said(step: str) -> str:
    known = (words for begins, words in STEPS.items() if step.startswith(begins))
    return str(next(known, gettext("beginning")))
