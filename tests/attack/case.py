"""What a case is: what is handed in, and what must come of it.

A case is data. One runner (`running.py`) hands it in as a learner, over HTTP, to a whole site
with rooms of one kind, and looks at everything a learner can fetch and at the host afterwards.

How to write one, in a module of `tests/attack/cases` that has a tuple ``CASES``::

    Case(
        id="RES-03",                         # of the catalogue; several ways: "RES-03/mmap"
        does="grows a bytearray without end",
        stage="answer",                      # of the suite's quest, see quest/target
        files={"app/solution.py": "def add(a, b):\\n    x = bytearray(10**11)\\n"},
        blame="learner_limit",
        checks={"adds": Says("limit", "memory_mb", {"limit": 384})},
        sees="M-MEM",
    )

* ``files`` lie over the reference project, so whatever a case does not touch is honest; ``None``
  takes a file away, ``"@REFERENCE:app/train.py@"`` is that file of the reference, and
  ``"@SOURCE:graders/data.py@"`` one of the open repository. Texts may name the canaries and the
  site: see `PLACES`.
* An attack says what it found by ``from app.telling import tell`` and ``tell(found=...)``: the
  exception's text is in the report, as an attacker would read it, and ``seen`` is what it must
  be, exactly. In hidden phases no text leaves, so there only the outcome speaks.
* ``archive`` makes the bytes of a ZIP upload (anything, in fact) to hand in instead of files.
* ``refused`` is the code of the refusal when nothing is graded (422, 413, 400, 404).
* ``also`` is for what these fields cannot say: it gets an `Evidence` and yields complaints.
* ``walls`` names the walls (tests/sandbox/walls) without which this case must turn red.

The invariants I1-I7 need no word: they are checked after every case.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Json = Any
Param = bool | int | float | str

PLACES: Final = (
    "@FILE@",  # a file of the host that anyone there may read and write
    "@TREE@",  # a folder like that, with a file in it
    "@SOCKET@",  # a Unix socket of the host, by path
    "@ABSTRACT@",  # one by abstract name, without its zero byte
    "@TCP4@",  # ports of listeners on the host's loopback
    "@TCP6@",
    "@UDP4@",
    "@UDP6@",
    "@HOME@",  # where the site keeps its state
    "@ROOT@",  # the Simulator's own code
)


@dataclass(frozen=True)
class Says:
    """How one check must end, as the report has it."""

    outcome: str
    reason: str | None = None
    params: Mapping[str, Param] = field(default_factory=dict)  # at least these


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What came of a case: for assertions of its own."""

    kind: str  # of the rooms
    seconds: float  # from hand-in to verdict
    answer: Mapping[str, Any]  # the refusal, if it was one
    report: Mapping[str, Any]
    surfaces: Mapping[str, bytes]  # everything that was fetched, by address

    def check(self, name: str) -> Mapping[str, Any]:
        """The report's entry of a check; empty when it has none."""
        entries = self.report.get("checks", ())
        return next((entry for entry in entries if entry["id"] == name), {})


@dataclass(frozen=True, kw_only=True)
class Case:
    """One attack."""

    id: str
    does: str
    stage: str = "answer"
    files: Mapping[str, str | bytes | None] = field(default_factory=dict)
    archive: Callable[[], bytes] | None = None
    blame: str | tuple[str, ...] = "learner_error"  # several: any of them is safe
    checks: Mapping[str, Says | tuple[Says, ...]] = field(default_factory=dict)
    sees: str = "M-SAME"
    seen: Json = None
    told_by: bool = False  # `also` reads what the attack tells
    refused: str | None = None
    also: Callable[[Evidence], Iterable[str]] | None = None
    walls: tuple[str, ...] = ()
    not_on: Mapping[str, str] = field(default_factory=dict)  # kind of rooms: why not there
    play: str = "alone"  # how it is played: see plays.py

    @property
    def listed(self) -> str:
        """Its number in the catalogue."""
        return self.id.partition("/")[0]
