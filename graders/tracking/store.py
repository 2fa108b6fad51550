"""A tracking store that MLflow left among the artefacts, read as plain data in a parser's room.

What is in it is the word of whoever wrote it: a run may be invented with a few INSERTs. So a check
never stops at what the store says: logged numbers are held against what the judge measures, and a
model against its files.
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from graders.failures import Fail
from graders.parsing import Parser
from graders.results import Param, Phase
from graders.workspace import Workspace

MOST_BYTES = 32_000_000
MOST_ROWS = 5_000
MOST_MODELS = 20
ACTIVE, FINISHED = "active", "FINISHED"

_SQLITE = b"SQLite format 3\0"
_CARD = "MLmodel"
_OPEN = (Phase.PUBLIC, Phase.TRAIN)

_Number = Annotated[float | int, Field(allow_inf_nan=False)]
_Tables = TypeAdapter(
    dict[str, list[list[Annotated[str, Field(max_length=65_536)] | _Number | None]]]
)


@dataclass(frozen=True, kw_only=True)
class Model:
    """A logged model: what its MLmodel file says, and how many files lie beside it."""

    folder: str
    run_id: str | None
    model_id: str | None
    flavors: tuple[str, ...]
    signed: bool  # the columns it wants are written down
    files: int


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of an experiment that was not deleted."""

    run_id: str
    name: str
    status: str
    ended: float  # milliseconds since 1970
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float | None] = field(default_factory=dict)  # the latest; None is NaN
    models: tuple[Model, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Store:
    """The runs of each experiment by its name, the latest first."""

    experiments: Mapping[str, tuple[Run, ...]]


def read_store(work: Workspace, path: str = "mlflow.db") -> Store:
    """The store at `path` of the artefacts; read once. Raises Fail.

    Reasons: store_absent, store_handed_in (a database came with the project: its runs are not of
    this training), artifact_rejected, artifact_over_limit.
    """
    return work.once(("tracking.store", path), lambda: _read(work, path))


def _read(work: Workspace, path: str) -> Store:
    shipped = [name for name, body in sorted(work.files.items()) if body.startswith(_SQLITE)]
    if shipped:
        raise Fail("store_handed_in", {"path": shipped[0]})
    content = work.rooms.artifacts.get(path)
    if content is None:
        raise Fail("store_absent", {"path": path})
    if len(content) > MOST_BYTES:
        rule: dict[str, Param] = {"rule": "too-many-bytes", "limit": MOST_BYTES}
        raise Fail("artifact_over_limit", {"path": path, **rule})
    told = _parser(work, path, content).store(most_rows=MOST_ROWS)
    try:
        tables = _Tables.validate_python(told, strict=True)
        return _store(tables, _models(work))
    except (ValidationError, KeyError, ValueError, IndexError, TypeError):  # of another form
        raise Fail("artifact_rejected", {"path": path, "rule": "not-a-store"}) from None


def _parser(work: Workspace, path: str, content: bytes) -> Parser:
    open_ = work.rooms.phase in _OPEN
    return Parser(rooms=work.rooms, path=path, content=content, tells_rows=open_)


def _models(work: Workspace) -> list[Model]:
    """Every model among the artefacts whose MLmodel can be read."""
    found = []
    paths = [path for path in work.rooms.artifacts if posixpath.basename(path) == _CARD]
    for path in sorted(paths)[:MOST_MODELS]:
        said = _parser(work, path, work.rooms.artifacts[path]).model_card()
        folder = posixpath.dirname(path)
        beside = [name for name in work.rooms.artifacts if name.startswith(f"{folder}/")]
        flavors = said.get("flavors")
        found.append(
            Model(
                folder=folder,
                run_id=_word(said.get("run_id")),
                model_id=_word(said.get("model_id")),
                flavors=tuple(map(str, flavors)) if isinstance(flavors, list) else (),
                signed=said.get("signed") is True,
                files=len(beside) - 1,
            )
        )
    return found


Cell = str | float | int | None
Table = list[list[Cell]]


def _store(tables: Mapping[str, Table], models: list[Model]) -> Store:
    names = {row[0]: str(row[1]) for row in tables["experiments"] if row[3] == ACTIVE}
    owners = {str(row[0]): str(row[6]) for row in tables["logged_models"] if row[5] == ACTIVE}
    params, tags, metrics = (
        _by_run(tables[name]) for name in ("params", "tags", "latest_metrics")
    )
    found: dict[str, list[Run]] = {name: [] for name in names.values()}
    for run_id, experiment, name, status, _, ended, stage, _ in tables["runs"]:
        if stage != ACTIVE or experiment not in names:
            continue
        own = [m for m in models if str(run_id) in (m.run_id, owners.get(m.model_id or ""))]
        found[names[experiment]].append(
            Run(
                run_id=str(run_id),
                name=str(name or ""),
                status=str(status),
                ended=float(ended or 0),
                params={str(key): str(value) for key, value in params.get(run_id, [])},
                tags={str(key): str(value) for key, value in tags.get(run_id, [])},
                metrics={str(row[0]): _metric(*row[1:]) for row in metrics.get(run_id, [])},
                models=tuple(own),
            )
        )
    runs = {name: sorted(of, key=lambda run: -run.ended) for name, of in found.items()}
    return Store(experiments={name: tuple(of) for name, of in runs.items()})


def _by_run(table: Table) -> dict[Cell, Table]:
    """The rows of each run, without its id."""
    found: dict[Cell, Table] = {}
    for run_id, *rest in table:
        found.setdefault(run_id, []).append(rest)
    return found


def _metric(value: object, is_nan: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not is_nan else None


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None
