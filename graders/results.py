"""What a grading says: outcomes, blame, readiness, results and the verdict."""

import enum
from dataclasses import dataclass, field

from graders.basis import Basis
from graders.readouts import Readout

Param = bool | int | float | str
"""A typed value that a message may show; its type and range are declared in messages.yaml."""


class Group(enum.StrEnum):
    """What a check is about."""

    PRODUCTION = "production"
    TESTS = "tests"
    METRICS = "metrics"
    BUSINESS = "business"


class Severity(enum.StrEnum):
    """What a failure means for production."""

    BLOCKER = "blocker"  # would break or endanger production: not ready
    MAJOR = "major"  # will cost money or nights: a pilot at best
    MINOR = "minor"  # debt: points only
    NOTE = "note"
    PRAISE = "praise"


class Kind(enum.StrEnum):
    """How a check judges."""

    EXACT = "exact"
    CONSISTENCY = "consistency"
    INVARIANCE = "invariance"
    DIRECTIONAL = "directional"
    NEGATION = "negation"
    CONTRACT = "contract"
    RESOURCE = "resource"
    STATIC = "static"
    MUTATION = "mutation"
    METRIC = "metric"
    DOCUMENT = "document"


class Phase(enum.StrEnum):
    """The order of a grading; each phase has a fresh room."""

    INTAKE = "intake"
    STATIC = "static"
    PUBLIC = "public"
    OWN_TESTS = "own_tests"
    TRAIN = "train"
    HIDDEN = "hidden"
    SERVICE = "service"
    ROLLOUT = "rollout"


class Outcome(enum.StrEnum):
    """How one check ended."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    ERROR = "error"  # the learner's code raised or died
    TIMEOUT = "timeout"
    LIMIT = "limit"  # another limit than time: memory, processes, disk, output
    SKIPPED = "skipped"
    BROKEN = "broken"  # the check itself fell: the author is told, nobody loses points


class Blame(enum.StrEnum):
    """Whose doing the verdict is. Platform errors are retried and charge nobody."""

    PASSED = "passed"
    FAILED = "failed"
    LEARNER_ERROR = "learner_error"
    LEARNER_LIMIT = "learner_limit"
    QUEST_ERROR = "quest_error"
    PLATFORM_ERROR = "platform_error"


class Readiness(enum.StrEnum):
    """May this go live: follows from blockers and majors, never from points."""

    NOT_READY = "not_ready"
    PILOT = "pilot"
    PRODUCTION = "production"


@dataclass(frozen=True, kw_only=True)
class Location:
    """A place in the learner's project."""

    path: str
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """How one check ended; the message is rendered from `reason` and `params` alone."""

    check: str
    group: Group
    phase: Phase
    kind: Kind
    severity: Severity
    outcome: Outcome
    points: float
    max_points: float
    reason: str | None = None
    params: dict[str, Param] = field(default_factory=dict)
    locations: tuple[Location, ...] = ()
    waits_for: str | None = None  # the check that a skipped one needs
    output: str = ""  # the learner's own output in public phases: capped, to be escaped
    seconds: float = 0.0
    readout: Readout | None = None  # what a rollout has shown, for the page


@dataclass(frozen=True, kw_only=True)
class PhaseStarted:
    """A phase begins; announced so that a page can show it running."""

    phase: Phase
    checks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """Where the time went, in seconds. The site adds the time in the queue."""

    starting: float = 0.0  # waiting for rooms to open
    running: float = 0.0  # learner code in rooms
    judging: float = 0.0  # the judge itself


@dataclass(frozen=True, kw_only=True)
class PhaseClocks:
    """Where the time of one phase went."""

    phase: Phase
    clocks: Clocks


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outcome of a grading."""

    blame: Blame
    score: float  # 0 to 100, one decimal
    readiness: Readiness
    passed: bool
    merit: bool
    results: tuple[CheckResult, ...]
    clocks: Clocks = field(default_factory=Clocks)
    peak_memory_mb: float = 0.0
    phases: tuple[PhaseClocks, ...] = ()
    basis: Basis | None = None  # None in what was graded before this was kept

    @property
    def development_only(self) -> bool:
        """Whether a room of the grading had no control group: no ground for a grade."""
        return self.basis is not None and self.basis.development_only


Event = PhaseStarted | CheckResult | Verdict
"""What a grading yields, in order: phases and results as they are known, the verdict last."""
