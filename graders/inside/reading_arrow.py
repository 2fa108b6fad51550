"""A stranger's Arrow or Parquet as plain columns: carried into a room that holds nothing else.

What a file declares is looked at before a row of it is read, and rows are counted as they come: a
few kilobytes may promise trillions.
"""

import io
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MOST_COLUMNS = 1_000
LONGEST_CELL = 65_536
ROWS_AT_ONCE = 65_536
PARQUET, ARROW = b"PAR1", b"ARROW1"
TYPES = {"int": pa.int64(), "float": pa.float64(), "str": pa.string(), "bool": pa.bool_()}


class Refused(Exception):
    """A file breaks a rule; the first argument is its name, the second the place."""


def table(content: bytes, columns: dict[str, str], most_rows: int) -> object:
    """The rows of exactly these columns, in any order; or the rule that the file breaks."""
    try:
        return _table(content, columns, most_rows)
    except Refused as refused:
        rule, place = refused.args
        return {"rule": rule, **place}
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError):
        return {"rule": "unreadable"}  # whatever the library says of bytes that are no such file


def _table(content: bytes, columns: dict[str, str], most_rows: int) -> pa.Table:
    found: list[pa.Table] = []
    rows = 0
    for batch in _batches(content, columns, most_rows):
        rows += batch.num_rows
        if rows > most_rows:
            raise Refused("too-many-rows", {})
        batch.validate(full=True)
        found.append(_plain(batch, columns, before=rows - batch.num_rows))
    schema = pa.schema([(name, TYPES[kind]) for name, kind in columns.items()])
    return pa.concat_tables([schema.empty_table(), *found])


def _batches(content: bytes, columns: dict[str, str], most_rows: int) -> Iterator[pa.RecordBatch]:
    if content.startswith(PARQUET):
        yield from _parquet(content, columns, most_rows)
    elif content.startswith(ARROW):
        with pa.ipc.open_file(pa.BufferReader(content)) as file:
            _check_schema(file.schema, columns)
            for number in range(file.num_record_batches):
                yield file.get_batch(number)
    else:
        with pa.ipc.open_stream(pa.BufferReader(content)) as stream:
            _check_schema(stream.schema, columns)
            yield from stream


def _parquet(content: bytes, columns: dict[str, str], most_rows: int) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(io.BytesIO(content)) as file:
        if file.metadata.num_columns > MOST_COLUMNS:
            raise Refused("too-many-columns", {})
        groups = range(file.metadata.num_row_groups)
        declared = (file.metadata.row_group(number).num_rows for number in groups)
        if max(file.metadata.num_rows, sum(declared)) > most_rows:
            raise Refused("too-many-rows", {})
        _check_schema(file.schema_arrow, columns)
        yield from file.iter_batches(batch_size=ROWS_AT_ONCE, columns=list(columns))


def _check_schema(schema: pa.Schema, columns: dict[str, str]) -> None:
    if len(schema) > MOST_COLUMNS:
        raise Refused("too-many-columns", {})
    if len(set(schema.names)) != len(schema):
        raise Refused("column-named-twice", {})
    for name, kind in columns.items():
        if name not in schema.names:
            raise Refused("column-missing", {"column": name})
        if not _fits(schema.field(name).type, kind):
            raise Refused("column-of-another-type", {"column": name})
    if len(schema) != len(columns):
        raise Refused("column-unknown", {})


def _fits(found: pa.DataType, kind: str) -> bool:
    if pa.types.is_dictionary(found):
        found = found.value_type
    fits: dict[str, bool] = {
        "int": pa.types.is_integer(found),
        "float": pa.types.is_floating(found) or pa.types.is_integer(found),
        "str": pa.types.is_string(found) or pa.types.is_large_string(found),
        "bool": pa.types.is_boolean(found),
    }
    return fits[kind]


def _plain(batch: pa.RecordBatch, columns: dict[str, str], *, before: int) -> pa.Table:
    arrays = {}
    for name, kind in columns.items():
        column = batch.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if column.null_count:
            row = before + 1 + pc.index(column.is_null(), value=True).as_py()
            raise Refused("empty-cell", {"row": row, "column": name})
        try:
            column = column.cast(TYPES[kind])
        except pa.ArrowInvalid:
            raise Refused("out-of-range", {"column": name}) from None
        if kind == "str" and (pc.max(pc.binary_length(column)).as_py() or 0) > LONGEST_CELL:
            raise Refused("cell-too-long", {"column": name})
        arrays[name] = column
    return pa.table(arrays)
