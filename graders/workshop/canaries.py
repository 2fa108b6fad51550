"""Canaries in the hidden truth: what must never reach a room, nor leave the judge in words.

Two kinds. A *token* is planted in bytes beside the labels (in the footer of every table of the
truth, where no check sees it, and as a file of its own): whoever reads the files of the truth, or
hands them on, carries it along. And the *labels themselves* are watched: what goes into a room is
compared with every column of the truth that no room may know. So a check that hands labels to a
learner's code is found even where no cheat of the quest would print them.

A learner's own answer may equal the truth: they are right. Only tokens are looked for in what
comes out; labels are looked for in what goes in.
"""

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from graders.data import SHOWN
from graders.datasets import Datasets
from graders.messages import render
from graders.quest import Language, Quest, Stage
from graders.results import Verdict

TOKEN_FILE = "canary.txt"  # noqa: S105 - a file's name
_LEAST = 48  # labels in a row that are no coincidence
_FLOATS = 4  # so many of the truth's own fractions are no coincidence either
_DIGITS, _NO_ROUNDING = 6, 1e-6  # a fraction of more digits than these is long
_MARK = next(iter(SHOWN)).encode()
_LANGUAGES: tuple[Language, ...] = ("en", "ru")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Canaries:
    """What to look for: the token, and the columns of the truth that no room may know."""

    token: str
    columns: Mapping[str, Floats]  # by "table.column"
    fractions: npt.NDArray[np.float64]  # values that only the truth holds

    def in_bytes(self, body: bytes) -> bool:
        """Whether the token is in some bytes, as text in any of the usual encodings."""
        text = self.token
        spelled = (text.encode(), text.encode("utf-16-le"), text[::-1].encode())
        return any(form in body for form in (*spelled, text.encode().hex().encode()))

    def labels_in(self, values: Floats) -> str | None:
        """The column of the truth that a sequence of numbers gives away; None for none."""
        if len(values) < _LEAST or len(np.unique(values[:_LEAST])) < 2:  # noqa: PLR2004
            return self._fractions_in(values)
        ends = (values, values[::-1])
        for name, column in self.columns.items():
            if any(_stands_in(part, column) for part in ends):
                return name
        return self._fractions_in(values)

    def _fractions_in(self, values: Floats) -> str | None:
        found = np.isin(values, self.fractions).sum() if len(self.fractions) else 0
        return "a fraction of the truth" if found >= _FLOATS else None


@contextmanager
def planted(datasets: Datasets) -> Iterator[tuple[Datasets, Canaries]]:
    """The same datasets with a token planted in a copy of the truth; it goes with the block."""
    token = f"CANARY-{secrets.token_hex(12)}"
    folder = datasets.truth.parent / f"canary-{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    try:
        for path in sorted(datasets.truth.iterdir()):
            _copy(path, folder / path.name, token)
        (folder / TOKEN_FILE).write_text(f"{token}\n")
        yield replace(datasets, truth=folder), _canaries(datasets, token)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def said_leaks(
    quest: Quest, stage: Stage, verdict: Verdict, datasets: Datasets, canaries: Canaries
) -> list[str]:
    """Where a verdict, as stored or as read in any language, says what it must not."""
    names = [str(datasets.truth), *datasets.hidden.values()]
    found = []
    for result in verdict.results:
        texts = [repr(result), *(repr(render(quest, stage, result, one)) for one in _LANGUAGES)]
        read = "\n".join(texts)
        if canaries.in_bytes(read.encode()):
            found.append(f"the report of {result.check} holds the canary of the truth")
        if any(name in read for name in names):
            found.append(f"the report of {result.check} names a hidden dataset or its folder")
    return found


def _canaries(datasets: Datasets, token: str) -> Canaries:
    """Columns of the truth whose values no room is shown under the same name.

    What a world shows of itself is marked by its author (`graders.data.SHOWN`).
    """
    shown = _shown(datasets)
    columns: dict[str, Floats] = {}
    for path in sorted(datasets.truth.glob("*.parquet")):
        table = pq.read_table(path)
        marked = {one.name for one in table.schema if _MARK in (one.metadata or {})}
        for name, values in numeric(table).items():
            own = values[np.isfinite(values)]
            known = name in marked or np.isin(own, shown.get(name, ())).all()
            if known or len(np.unique(own)) < 2:  # noqa: PLR2004
                continue
            columns[f"{path.stem}.{name}"] = values
    everything = np.concatenate([*columns.values(), np.zeros(0)])
    seen = np.concatenate([*shown.values(), np.zeros(0)])
    mine = np.unique(everything[_is_long_fraction(everything)])
    return Canaries(token=token, columns=columns, fractions=mine[~np.isin(mine, seen)])


def _shown(datasets: Datasets) -> dict[str, Floats]:
    """All the numbers of the datasets that rooms may see, by the name of their column."""
    found: dict[str, list[Floats]] = {}
    for key in [datasets.public, *datasets.hidden.values()]:
        for path in sorted((datasets.public_folder.parent / key).glob("*.parquet")):
            for name, values in numeric(pq.read_table(path)).items():
                found.setdefault(name, []).append(np.unique(values))
    return {name: np.unique(np.concatenate(parts)) for name, parts in found.items()}


def numeric(table: pa.Table) -> dict[str, Floats]:
    """A table's columns that are numbers or yes and no, as floats."""
    kinds = pa.types
    found: dict[str, Floats] = {}
    for entry in table.schema:
        plain = (kinds.is_integer, kinds.is_floating, kinds.is_boolean)
        if any(fits(entry.type) for fits in plain):
            column = table.column(entry.name).cast(pa.float64(), safe=False)
            found[entry.name] = column.to_numpy(zero_copy_only=False).astype(np.float64)
    return found


def _is_long_fraction(values: Floats) -> npt.NDArray[np.bool_]:
    """Fractions of many digits: not prices, not shares of small counts."""
    scaled = values * 10**_DIGITS
    with np.errstate(invalid="ignore"):
        long: npt.NDArray[np.bool_] = np.isfinite(values) & (
            np.abs(scaled - np.round(scaled)) > _NO_ROUNDING
        )
    return long


def _stands_in(part: Floats, column: Floats) -> bool:
    """Whether a sequence of numbers is a stretch of a column."""
    if len(part) > len(column):
        part = part[: len(column)]
    place = column.tobytes().find(part.tobytes())
    while place > 0 and place % column.itemsize:
        place = column.tobytes().find(part.tobytes(), place + 1)
    return place >= 0


def _copy(path: Path, place: Path, token: str) -> None:
    if path.suffix != ".parquet":
        shutil.copy(path, place)
        return
    table = pq.read_table(path)
    marked = table.replace_schema_metadata({**(table.schema.metadata or {}), "canary": token})
    pq.write_table(marked, place, compression="zstd")
