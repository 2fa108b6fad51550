"""How a runner is, in words that a page may show."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.probing import Found


@dataclass(kw_only=True)
class Health:
    """What a runner tells of itself; times are ISO 8601, UTC."""

    shell: str
    rooms_kind: str
    rooms_why: str
    runtime: str  # that it tests itself with
    ok: bool = False
    why: str = "the self-test has not run yet"
    memory: str = "control group"
    development_only: bool = False
    draining: bool = False
    probe: dict[str, object] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    tested: str | None = None  # when the self-test ended last
    next_test: str | None = None  # when it begins next
    rooms: int = 0  # open now, for callers
    started_by: dict[str, object] = field(default_factory=dict)  # versions, and warnings of them
    reaped: int = 0  # shells of dead runners, removed by this one

    def tell(self, found: Found, *, again_in: float) -> None:
        """Take over what a self-test found; it fails closed."""
        self.ok, self.why = not found.deviations, found.sentence
        self.probe, self.timings = found.seen, found.timings
        now = datetime.now(UTC)
        self.tested = now.isoformat(timespec="seconds")
        self.next_test = (now + timedelta(seconds=again_in)).isoformat(timespec="seconds")
