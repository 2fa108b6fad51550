"""The form of a quest: what quest.yaml may say, as records that refuse unknown keys."""

import enum
import fnmatch
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

Language = Literal["en", "ru"]
Text = Annotated[
    dict[Language, str],
    WithJsonSchema(
        {
            "type": "object",
            "properties": {"en": {"type": "string"}, "ru": {"type": "string"}},
            "required": ["en", "ru"],
            "additionalProperties": False,
        }
    ),
]
"""A text in every language; loading a quest refuses one that lacks a language."""

_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]


class Facts(BaseModel):
    """A record that refuses unknown keys and does not change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True
    )


class Status(enum.StrEnum):
    """How far a quest has come."""

    WIP = "wip"
    BETA = "beta"
    ACTIVE = "active"
    DEPRECATED = "deprecated"


class Difficulty(enum.StrEnum):
    """The author's guess."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class StageKind(enum.StrEnum):
    """What a stage hands in."""

    SQL = "sql"
    CODE = "code"
    DOCUMENT = "document"
    PLAN = "plan"
    DECISION = "decision"
    SERVICE = "service"
    ROLLOUT = "rollout"


class RoomLimits(Facts):
    """Limits of every room of a quest or stage; units are in the names."""

    cpu_seconds: float = 120
    wall_seconds: float = 180
    memory_mb: int = 2048
    processes: int = 64
    scratch_mb: int = 256
    output_kb: int = 256


class Column(Facts):
    """A column of a table, as ClickHouse types it and as a person reads it."""

    type: str
    meaning: Text
    unit: Text | None = None


class Table(Facts):
    """A table that learners may query."""

    meaning: Text
    order_by: tuple[str, ...]
    partition_by: str | None = None
    rows: dict[str, int] = Field(default_factory=dict)
    """About how many rows, by scale; shown in the data explorer."""
    columns: dict[str, Column]


class Person(Facts):
    """Someone in the story."""

    slug: Slug
    name: Text
    role: Text
    says: Text | None = None
    """The scene on the quest page, in their words."""


class Stake(Facts):
    """A number of the business at the top of the quest page."""

    label: Text
    value: Text


class Gate(Facts):
    """A threshold of a metric, written by calibration, never by hand."""

    check: str
    metric: str
    pass_: float = Field(alias="pass")
    merit: float


class Guardrail(Facts):
    """A metric that the rollout must keep."""

    metric: str
    op: Literal["<=", "<", ">=", ">"]
    value: float


class Stage(Facts):
    """A step of a quest; its folder is ``stages/<nn>_<slug>``."""

    slug: Slug
    kind: StageKind
    title: Text
    summary: Text
    """One line on the stage map: what it practises."""
    files: tuple[str, ...]
    """Patterns of the files that this stage is about; `*` crosses folders."""
    estimate_minutes: int
    """How long a learner needs, brief included; measured times replace it later."""
    pass_: float = Field(alias="pass")
    """Points out of 100 that pass the stage, if no blocker failed."""
    merit: float
    """Points out of 100 for merit; the reference reaches them."""
    requires: tuple[Slug, ...] = ()
    """Stages that must be passed before this one opens."""
    runtime: str | None = None
    """Another runtime than the quest's, such as `python-service`."""
    limits: RoomLimits | None = None
    """Other limits of the rooms than the quest's."""

    def names(self, path: str) -> bool:
        """Whether one of the stage's patterns names a file (``*`` crosses folders)."""
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in self.files)


class Quest(Facts):
    """A business case, as its quest.yaml states it; `folder` is where it was loaded from."""

    folder: Path
    digest: str  # SHA-256 over the folder's files: what a grading is pinned to
    uuid: Annotated[str, Field(pattern=_UUID)]
    """Who the quest is, whatever it is called; `sim new` makes one."""
    slug: Slug
    """The name in addresses and commands, and the name of the folder."""
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    """Patch: words. Minor: a check mended or added. Major: contract, data or order of stages."""
    status: Status
    """wip: faults of a draft are warnings; beta and active: nothing may be missing."""
    title: Text
    blurb: Text
    """Two sentences for the catalogue: what is at stake, what a learner will have done."""
    company: Text
    domain: Text
    difficulty: Difficulty
    package: str
    """The Python package that the learner grows from stage to stage."""
    runtime: str
    """What the rooms have installed: `python-ml` unless a quest needs more."""
    database: str
    """The database that the tables are in, as ClickHouse and the briefs call it."""
    concepts: tuple[str, ...]
    """What the quest teaches."""
    prerequisites: tuple[str, ...]
    """What it takes for granted."""
    outcomes: tuple[Text, ...] = ()
    """What the learner takes home."""
    people: tuple[Person, ...] = ()
    stakes: tuple[Stake, ...] = ()
    """Numbers of the business at the top of the quest page."""
    limits: RoomLimits = RoomLimits()
    scales: dict[str, dict[str, int]]
    """Sizes of the data by name, as data.py takes them: tiny (seconds), default, large."""
    grading_scale: str = "default"
    """The scale that attempts are judged on."""
    tables: dict[str, Table]
    """The tables that learners may query, with the meaning of every column."""
    stages: tuple[Stage, ...]
    gates: tuple[Gate, ...] = ()
    """Thresholds of metrics: `sim calibrate` proposes them, nobody bends them by hand."""
    guardrails: tuple[Guardrail, ...] = ()

    def stage(self, slug: str) -> Stage:
        """The stage of that name. Raises KeyError."""
        return next((s for s in self.stages if s.slug == slug), None) or _missing(slug)

    def number(self, stage: Stage) -> int:
        """The stage's place in the quest, from 0."""
        return next(n for n, one in enumerate(self.stages) if one.slug == stage.slug)

    def stage_folder(self, stage: Stage) -> Path:
        """Where a stage's brief, checks and messages stand: ``stages/<nn>_<slug>``."""
        found = sorted(self.folder.glob(f"stages/[0-9][0-9]_{stage.slug}"))
        return (
            found[0]
            if found
            else self.folder / "stages" / f"{self.number(stage) + 1:02d}_{stage.slug}"
        )


def _missing(slug: str) -> Stage:
    raise KeyError(slug)
