"""How the runner of this host is: its health, read into a record whatever its version says."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django.conf import settings

from sandbox.client import RunnerSandbox
from sandbox.interface import SandboxError

FRESH_SECONDS: Final = 10.0  # how old an answer may be that a learner's page is drawn with
_known: Final[dict[str, tuple[float, "RunnerState | None"]]] = {}


@dataclass(frozen=True, kw_only=True)
class Template:
    """A runtime's warm interpreter."""

    runtime: str
    age_seconds: float | None = None
    opened: int = 0  # rooms that it has forked


@dataclass(frozen=True, kw_only=True)
class RunnerState:
    """What the runner says of itself; what it does not say is empty or None."""

    answers: bool
    ok: bool = False
    why: str = ""  # the self-test's sentence, or why nothing answers
    shell: str = ""
    rooms_kind: str = ""
    rooms_why: str = ""
    oci_runtime: str = ""
    memory: str = ""  # how a room's memory is limited
    development_only: bool = False
    draining: bool = False
    rooms: int = 0
    tested_at: datetime | None = None
    next_test_at: datetime | None = None
    ready_ms: float | None = None
    templates: tuple[Template, ...] = field(default_factory=tuple)


def read() -> RunnerState:
    """Ask the runner now. A runner that does not answer is a state, too."""
    try:
        said = RunnerSandbox(Path(settings.SIM_RUNNER_SOCKET)).health()
    except SandboxError as error:
        return RunnerState(answers=False, why=str(error))
    shells = _facts(said, "shells")
    return RunnerState(
        answers=True,
        ok=said.get("ok") is True,
        why=_text(said, "why"),
        shell=_text(said, "shell"),
        rooms_kind=_text(said, "rooms_kind"),
        rooms_why=_text(said, "rooms_why"),
        oci_runtime=_text(said, "oci_runtime"),
        memory=_text(said, "memory"),
        development_only=said.get("development_only") is True,
        draining=said.get("draining") is True,
        rooms=int(_number(said, "rooms") or 0),
        tested_at=_moment(said, "tested"),
        next_test_at=_moment(said, "next_test"),
        ready_ms=_number(_facts(said, "timings"), "ready_ms"),
        templates=tuple(
            Template(
                runtime=name,
                age_seconds=_number(_facts(shells, name), "age_seconds"),
                opened=int(_number(_facts(shells, name), "opened") or 0),
            )
            for name in sorted(shells)
        ),
    )


def opens_rooms() -> bool:
    """Whether the runner of this host would open a room now."""
    state = read()
    return state.answers and state.ok and not state.draining


def development_only() -> bool:
    """Whether rooms that open now have no control group; asked at most every few seconds."""
    key = str(settings.SIM_RUNNER_SOCKET)
    now = time.monotonic()
    asked, state = _known.get(key, (-FRESH_SECONDS, None))
    if now - asked >= FRESH_SECONDS:
        _known[key] = (now, state)  # who comes meanwhile does not wait for a slow answer
        state = read()
        _known[key] = (now, state)
    return state is not None and state.development_only


def _text(said: Mapping[str, object], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _number(said: Mapping[str, object], name: str) -> float | None:
    value = said.get(name)
    return float(value) if isinstance(value, int | float) else None


def _facts(said: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = said.get(name)
    return value if isinstance(value, dict) else {}


def _moment(said: Mapping[str, object], name: str) -> datetime | None:
    """A moment in ISO 8601; None for what is none, or says not where on earth it is."""
    try:
        moment = datetime.fromisoformat(_text(said, name))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
