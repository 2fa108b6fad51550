"""What goes over the wire: typed, and shared by the API and the command line. Knows no Django."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, StringConstraints

LONGEST_PATH: Final = 200
PENDING: Final = "authorization_pending"  # RFC 8628's words for a device that waits
DENIED: Final = "access_denied"
EXPIRED: Final = "expired_token"

Path = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PATH)]
Files = dict[Path, Base64Bytes]
"""Files by path, their contents in base64."""
State = Literal["queued", "running", "done", "cancelled", "quarantined", "refused"]
"""How far a grading is."""
Tongue = Literal["en", "ru"]


class Closed(BaseModel):
    """A request: refuses unknown keys, so that nothing is believed to be set."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """Why a request is refused."""

    code: str
    message: str


class Credentials(Closed):
    username: Annotated[str, Field(max_length=150)]
    password: Annotated[str, Field(max_length=4096)]
    name: Annotated[str, Field(max_length=80)] = "command line"


class Token(BaseModel):
    """Shown once."""

    token: str
    expires_in: int


class DeviceName(Closed):
    """What asks to be signed in, as its owner will recognise it."""

    name: Annotated[str, Field(max_length=80)] = "command line"


class DeviceCode(BaseModel):
    """Two codes: the long one stays in the device, the short one is confirmed in a browser."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class DeviceClaim(Closed):
    device_code: Annotated[str, Field(max_length=200)]


class Person(BaseModel):
    """Who asks, and where."""

    username: str
    language: Tongue
    version: str  # of the site


class StageOut(BaseModel):
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


class QuestOut(BaseModel):
    slug: str
    version: str
    status: str
    title: str
    blurb: str
    company: str
    difficulty: str
    enrolled: bool
    stages: list[StageOut]


class EnrolmentOut(BaseModel):
    quest: str
    version: str
    created_at: datetime


class FileOut(BaseModel):
    path: str
    revision: int
    content: str  # base64


class Project(BaseModel):
    files: list[FileOut]


class ProjectIn(Closed):
    files: Files


class HandIn(Closed):
    files: Files | None = None  # None hands in the draft as it stands


class TableFile(BaseModel):
    """A file of the public tables."""

    name: str
    size: int
    sha256: str


class Kit(BaseModel):
    """What a quest can be played with at home: what stands in kit.zip, and the public tables."""

    quest: str
    version: str
    digest: str  # of the quest
    judge: str  # of the site's judge: another one at home may say otherwise
    dataset: str  # names the tables by their content
    tables: list[TableFile]


class HintOut(BaseModel):
    """One step of help, in Markdown."""

    title: str
    text: str


class Query(Closed):
    query: Annotated[str, Field(max_length=20_000)]
    params: dict[str, str] = Field(default_factory=dict)


class Rows(BaseModel):
    """What a query answers, as text."""

    columns: list[str]
    rows: list[list[str | None]]
    more: bool  # there are more rows than are sent
    rows_read: int
    seconds: float


class AttemptOut(BaseModel):
    id: UUID
    number: int
    quest: str
    stage: str
    source: str
    state: State
    charged: bool
    score: float | None
    readiness: str | None
    passed: bool | None
    development_only: bool | None  # a room had no control group: no ground for a grade
    created_at: datetime
    finished_at: datetime | None


class Location(BaseModel):
    path: str
    line: int | None


class CheckOut(BaseModel):
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
    is_command: bool = False  # `reproduce` is to be copied, not read
    lesson: str
    learn: str = ""  # the lesson's title
    minutes: int = 0
    waits_for: str | None
    output: str
    change: str | None  # broke, still_open, fixed, stayed, not_run, broken
    in_a_row: int
    duration_ms: int


class ClocksOut(BaseModel):
    queued: float
    starting: float
    running: float
    judging: float
    total: float


class Resources(BaseModel):
    peak_memory_mb: float
    memory_limit_mb: int


class RoomOut(BaseModel):
    """What kind of room the work ran in."""

    shell: str
    rooms: str
    runtime: str
    digest: str
    development_only: bool


class GroupOut(BaseModel):
    group: str
    score: float
    max_score: float


class ReportOut(BaseModel):
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
    previous: int | None = None  # the number of the attempt that `delta` is counted from
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


class StateNews(BaseModel):
    """Of a stream of events: the grading is in another state."""

    state: str
    ahead: int = 0  # how many were queued before it


class PhaseNews(BaseModel):
    """Of a stream of events: a phase begins."""

    phase: str
    checks: list[str]


class ResultNews(BaseModel):
    """Of a stream of events: a check has ended."""

    check: str
    outcome: str
    points: float
    max_points: float
    title: str
    what: str


class VerdictNews(BaseModel):
    """Of a stream of events: the last word; `sentence` says why there is no verdict."""

    state: str
    sentence: str = ""
    score: float | None = None
