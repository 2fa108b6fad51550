"""What a generator's frames become: Arrow batches of a schema, made lazily and block by block.

A ``data.py`` works on frames of plain numbers: codes for words, milliseconds since 1970 for times,
kopecks for money. These functions stream such frames as record batches of at most `BATCH_ROWS`
rows, so that the scale ``large`` never lies in memory whole: a population is simulated in
`blocks`, and a table is made when somebody asks for its rows. `cut` truncates a warehouse to a
moment.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

from graders.data import BATCH_ROWS, Ints, Tables

Frames = Mapping[str, pd.DataFrame]
"""Tables by name, as frames of numbers."""

Words = Mapping[str, Sequence[str]]
"""The words behind the codes of each column of words; code 0 is the first."""

KOPECKS = "kopecks"


@dataclass(frozen=True)
class Lazy:
    """A table that is made when somebody asks for its rows, and can be asked again."""

    make: Callable[[], Iterator[pa.RecordBatch]]
    schema: pa.Schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self.make()


def blocks(people: int, *, of: int) -> tuple[int, ...]:
    """Return the sizes of the blocks that a population is simulated in, each of at most `of`."""
    full, rest = divmod(people, of)
    return (of,) * full + ((rest,) if rest else ())


def as_tables(frames: Frames, schemas: Mapping[str, pa.Schema], words: Words) -> Tables:
    """Return frames as tables of these schemas."""
    return {
        table: Lazy(partial(batches, frame, schemas[table], words), schemas[table])
        for table, frame in frames.items()
    }


def batches(
    frame: pd.DataFrame, schema: pa.Schema, words: Words, *, rows: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Yield a frame as record batches of a schema; a frame without rows is one empty batch.

    A decimal column is read from the frame's column ``kopecks``, a dictionary column from codes
    into `words`, a timestamp from milliseconds, a date from days since 1970.
    """
    for begin in range(0, max(1, len(frame)), rows):
        part = frame.iloc[begin : begin + rows]
        yield pa.RecordBatch.from_arrays([_column(part, f, words) for f in schema], schema=schema)


def cut(frames: Frames, arrival: Mapping[str, str], moment: int) -> dict[str, pd.DataFrame]:
    """Return what a warehouse holds at a moment: no row that came in later.

    `arrival` names, for each table, the column that says when a row came in.
    """
    return {
        table: frame[frame[arrival[table]] <= moment].reset_index(drop=True)
        for table, frame in frames.items()
    }


def _column(part: pd.DataFrame, field: pa.Field, words: Words) -> pa.Array:
    if pa.types.is_decimal(field.type):
        return _decimal(part[KOPECKS].to_numpy(), field.type)
    values = part[field.name].to_numpy()
    if pa.types.is_dictionary(field.type):
        spelled = pa.array(words[field.name], pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(values, pa.int8()), spelled)
    if pa.types.is_date(field.type):
        return pa.array(values.astype(np.int32)).cast(field.type)
    if pa.types.is_timestamp(field.type):
        unit = 1000 if field.type.unit == "s" else 1
        return pa.array(values // unit, pa.int64()).cast(field.type)
    return pa.array(values, from_pandas=True).cast(field.type)


def _decimal(hundredths: Ints, kind: pa.DataType) -> pa.Array:
    whole = pa.array(hundredths, pa.int64()).cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(kind, len(hundredths), whole.buffers())
