"""Write a quest's data once: Parquet for rooms, truth for the judge, both named by their content.

A dataset is a folder ``<home>/warehouse/<key>/`` with one Parquet file a table and
``_dataset.json``, which says how ClickHouse types the columns. The key follows from the quest's
slug and version, its ``data.py``, the declared columns and the scale; a hidden key also from the
deployment's secret, so that nobody can name or make it without. Truth lies under
``<home>/truth/``, readable by this user alone; no room ever sees that folder.
"""

import fcntl
import hashlib
import hmac
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq

from graders.data import Hidden, Tables
from graders.quest import Quest, Table

DESCRIPTION = "_dataset.json"
_INDEX = "_hidden.json"
_LAYOUT = 1  # raise it when the form of a dataset folder changes
_ROW_GROUP = 131_072
_LEAST_SECRET = 16


class DatasetError(Exception):
    """A quest's data.py does not give what quest.yaml declares; the message says where."""


@dataclass(frozen=True, kw_only=True)
class Datasets:
    """Where the data of one quest, version and scale lie; keys name folders of the warehouse."""

    public: str
    hidden: Mapping[str, str]  # names of data.py's hidden datasets → keys
    public_folder: Path
    truth: Path  # the judge's alone
    scale: str = ""

    def folder(self, name: str | None = None) -> Path:
        """The folder of the public dataset, or of a hidden one by its name. Raises KeyError."""
        key = self.public if name is None else self.hidden[name]
        return self.public_folder.parent / key


def prepare(quest: Quest, *, scale: str, secret: bytes, home: Path) -> Datasets:
    """Return the datasets of a quest at a scale, generating what is not there yet.

    Safe to call from several processes at once: one generates, the others wait, and a folder
    appears whole or not at all. Raises DatasetError for data that the quest did not declare,
    ValueError for a secret of less than 128 bits.
    """
    place = _place(quest, scale=scale, secret=secret, home=home)
    return place.found() or place.made()


def find(quest: Quest, *, scale: str, secret: bytes, home: Path) -> Datasets | None:
    """Return the datasets if they have been prepared. Raises as `prepare` does."""
    return _place(quest, scale=scale, secret=secret, home=home).found()


def _place(quest: Quest, *, scale: str, secret: bytes, home: Path) -> "_Place":
    if len(secret) < _LEAST_SECRET:
        raise ValueError(f"the secret has {len(secret)} bytes; it needs {_LEAST_SECRET}")
    if scale not in quest.scales:
        raise DatasetError(f"{quest.slug} has no scale {scale!r}, only {', '.join(quest.scales)}")
    return _Place(quest=quest, scale=scale, secret=secret, home=home.resolve())


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where one quest's data of one scale belong."""

    quest: Quest
    scale: str
    secret: bytes
    home: Path

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse"

    @property
    def identity(self) -> bytes:
        """What the content of the data follows from, but for the secret."""
        tables = {name: _description(table) for name, table in self.quest.tables.items()}
        source = hashlib.sha256((self.quest.folder / "data.py").read_bytes()).hexdigest()
        facts = [_LAYOUT, self.quest.slug, self.quest.version, source, self.scale, tables]
        return json.dumps(facts, sort_keys=True).encode()

    @property
    def public(self) -> str:
        return self._named(hashlib.sha256(self.identity).hexdigest())

    @property
    def key(self) -> bytes:
        """The secret that hidden data of this quest and version are drawn under."""
        message = f"hidden/{self.quest.slug}/{self.quest.version}".encode()
        return hmac.new(self.secret, message, hashlib.sha256).digest()

    def hidden(self, name: str) -> str:
        message = b"name/" + name.encode() + b"/" + self.identity
        return self._named(hmac.new(self.key, message, hashlib.sha256).hexdigest())

    @property
    def truth(self) -> Path:
        return self.home / "truth" / self.hidden("truth")

    def found(self) -> Datasets | None:
        """The datasets, if every folder of them is there."""
        index = self.truth / _INDEX
        if not index.is_file() or not (self.warehouse / self.public).is_dir():
            return None
        hidden: dict[str, str] = json.loads(index.read_text())
        if not all((self.warehouse / key).is_dir() for key in hidden.values()):
            return None
        return Datasets(
            public=self.public,
            hidden=hidden,
            public_folder=self.warehouse / self.public,
            truth=self.truth,
            scale=self.scale,
        )

    def made(self) -> Datasets:
        self.warehouse.mkdir(parents=True, exist_ok=True)
        self.truth.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(self.warehouse / f".{self.public}.lock"):
            datasets = self.found()
            if datasets is None:
                with _loaded(self.quest) as author:
                    self._write(author)
                datasets = self.found()
        if datasets is None:
            raise DatasetError(f"the data of {self.quest.slug} vanished while they were written")
        return datasets

    def _write(self, author: ModuleType) -> None:
        public: Tables = author.generate(author.PUBLIC_SEED, self.scale)
        clock: Mapping[str, int] = getattr(author, "CLOCK", {})
        self._write_dataset(self.public, public, now=clock.get("public"))
        hidden: Hidden = author.hidden(self.key, self.scale)
        index = {name: self.hidden(name) for name in hidden.datasets}
        for name, tables in hidden.datasets.items():
            self._write_dataset(index[name], tables, now=clock.get(name))
        with _appearing(self.truth, mode=0o700) as folder:
            for table, batches in hidden.truth.items():
                _write_table(folder / f"{table}.parquet", batches)
            (folder / _INDEX).write_text(json.dumps(index, indent=1))

    def _write_dataset(self, key: str, tables: Tables, *, now: int | None) -> None:
        if tables.keys() != self.quest.tables.keys():
            raise DatasetError(
                f"data.py gives the tables {', '.join(tables)}; "
                f"quest.yaml declares {', '.join(self.quest.tables)}"
            )
        place, described = self.warehouse / key, {}
        if place.is_dir():  # its name says what it holds, and it came whole
            return
        with _appearing(place, mode=0o755) as folder:
            for name, table in self.quest.tables.items():
                columns = list(table.columns)
                rows = _write_table(folder / f"{name}.parquet", tables[name], columns)
                described[name] = _description(table) | {"rows": rows}
            moment = None if now is None else datetime.fromtimestamp(now / 1000, UTC).isoformat()
            facts = {"database": self.quest.database, "now": moment, "tables": described}
            (folder / DESCRIPTION).write_text(json.dumps(facts, indent=1))

    def _named(self, digest: str) -> str:
        return f"{self.quest.slug}-{self.quest.version}-{self.scale}-{digest[:32]}"


def _description(table: Table) -> dict[str, object]:
    return {
        "columns": [[name, column.type] for name, column in table.columns.items()],
        "order_by": list(table.order_by),
        "partition_by": table.partition_by,
    }


@contextmanager
def _loaded(quest: Quest) -> Iterator[ModuleType]:
    """The quest's data.py as a module, forgotten afterwards with all that it cached."""
    path = quest.folder / "data.py"
    name = f"_data_of_{quest.slug.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise DatasetError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.modules.pop(name, None)


def _write_table(
    path: Path, batches: Iterable[pa.RecordBatch], columns: list[str] | None = None
) -> int:
    """Write one table batch by batch and return its number of rows. Raises DatasetError."""
    rows = 0
    writer: pq.ParquetWriter | None = None
    try:
        for batch in batches:
            if columns is not None and batch.schema.names != columns:
                raise DatasetError(
                    f"{path.stem}: data.py gives the columns {', '.join(batch.schema.names)}; "
                    f"quest.yaml declares {', '.join(columns)}"
                )
            writer = writer or pq.ParquetWriter(
                path,
                batch.schema,
                compression="zstd",
                store_schema=columns is None,  # the truth keeps the marks of its fields
                write_page_index=True,
            )
            writer.write_batch(batch, row_group_size=_ROW_GROUP)
            rows += batch.num_rows
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise DatasetError(f"{path.stem}: data.py gives no batch, not even an empty one")
    return rows


@contextmanager
def _appearing(place: Path, *, mode: int) -> Iterator[Path]:
    """A folder to fill that appears at `place` whole, or not at all."""
    fresh = Path(tempfile.mkdtemp(prefix=".fresh-", dir=place.parent))
    try:
        yield fresh
        for path in fresh.iterdir():
            path.chmod(mode & 0o666)
            os.utime(path, (0, 0))  # when it was made is nobody's clue
        fresh.chmod(mode)
        if place.exists():  # left over from a set that is no longer whole
            shutil.rmtree(place)
        fresh.rename(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock between processes; it goes with the process that held it."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
