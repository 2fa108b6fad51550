"""What goes over the wire: typed, and closed to keys that nobody declared."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Base64Bytes, ConfigDict, Field, StringConstraints

from simulator.attempts.intake import LONGEST_PATH
from simulator.attempts.models import Grading

Path = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PATH)]
Files = dict[Path, Base64Bytes]
"""Files by path, their contents in base64."""


class Closed(Schema):
    """A request: refuses unknown keys, so that nothing is believed to be set."""

    model_config = ConfigDict(extra="forbid")


class Problem(Schema):
    """Why a request is refused."""

    code: str
    message: str


class Credentials(Closed):
    username: Annotated[str, Field(max_length=150)]
    password: Annotated[str, Field(max_length=4096)]
    name: Annotated[str, Field(max_length=80)] = "command line"


class Token(Schema):
    """Shown once."""

    token: str
    expires_in: int


class StageOut(Schema):
    slug: str
    kind: str
    title: str
    summary: str
    estimate_minutes: int
    pass_score: float
    merit_score: float
    requires: list[str]
    files: list[str]
    state: str | None = None  # None before the quest is begun
    best: float | None = None
    attempts: int = 0


class QuestOut(Schema):
    slug: str
    version: str
    status: str
    title: str
    blurb: str
    company: str
    difficulty: str
    enrolled: bool
    stages: list[StageOut]


class EnrolmentOut(Schema):
    quest: str
    version: str
    created_at: datetime


class FileOut(Schema):
    path: str
    revision: int
    content: str  # base64


class Project(Schema):
    files: list[FileOut]


class ProjectIn(Closed):
    files: Files


class HandIn(Closed):
    files: Files | None = None  # None hands in the draft as it stands


class AttemptOut(Schema):
    id: UUID
    number: int
    quest: str
    stage: str
    source: str
    state: Grading.State
    charged: bool
    score: float | None
    readiness: str | None
    passed: bool | None
    development_only: bool | None  # a room had no control group: no ground for a grade
    created_at: datetime
    finished_at: datetime | None


class Location(Schema):
    path: str
    line: int | None


class CheckOut(Schema):
    id: str
    group: str
    kind: str
    severity: str
    phase: str
    status: str
    score: float
    max_score: float
    reason: str | None
    params: dict[str, Any]
    locations: list[Location]
    title: str
    what: str
    why: str
    reproduce: str
    lesson: str
    waits_for: str | None
    output: str
    change: str | None  # broke, still_open, fixed, stayed, not_run, broken
    in_a_row: int
    duration_ms: int


class ClocksOut(Schema):
    queued: float
    starting: float
    running: float
    judging: float
    total: float


class Resources(Schema):
    peak_memory_mb: float
    memory_limit_mb: int


class RoomOut(Schema):
    """What kind of room the work ran in."""

    shell: str
    rooms: str
    runtime: str
    digest: str
    development_only: bool


class GroupOut(Schema):
    group: str
    score: float
    max_score: float


class ReportOut(Schema):
    """The result document; pages, terminals and exports are renderings of it."""

    schema_version: Literal["1"] = "1"
    id: UUID
    attempt: int
    quest: str
    quest_version: str
    quest_digest: str
    stage: str
    runtime: str
    scale: str
    gradable: Literal[True] = True
    blame: str
    score: float
    max_score: float = 100
    delta: float | None
    passed: bool
    merit: bool
    readiness: str
    sentence: str
    focus: str | None
    groups: list[GroupOut]
    checks: list[CheckOut]
    clocks: ClocksOut
    resources: Resources
    development_only: bool
    rooms: list[RoomOut]
    graded_at: datetime
