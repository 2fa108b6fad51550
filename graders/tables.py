"""Tables that cross the wall: pandas on this side, Arrow of plain columns on the way."""

import pandas as pd
import pyarrow as pa
import pyarrow.types as kinds

MOST_ROWS = 5_000_000
MOST_COLUMNS = 512


class UnfitTable(Exception):
    """A table breaks a rule of the boundary; the message is the rule's name."""


def to_table(frame: pd.DataFrame) -> pa.Table:
    """A frame's columns, without its index and without anything only pandas understands."""
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A stranger's table as pandas: plain columns under caps. Raises UnfitTable."""
    if table.num_rows > MOST_ROWS or table.num_columns > MOST_COLUMNS:
        raise UnfitTable("table_too_large")
    if len(set(table.column_names)) != table.num_columns:
        raise UnfitTable("column_named_twice")
    try:
        table.validate(full=True)
    except pa.ArrowInvalid:
        raise UnfitTable("table_damaged") from None
    columns = {field.name: _plain(table.column(field.name)) for field in table.schema}
    # Metadata is the stranger's word on how to read the bytes: it is not taken.
    frame: pd.DataFrame = pa.table(columns).to_pandas(ignore_metadata=True)
    return frame


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column in a plain type. Raises UnfitTable."""
    kind = column.type
    if kinds.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if kinds.is_decimal(kind):
        return column.cast(pa.float64())
    if kinds.is_binary(kind) or kinds.is_large_binary(kind):
        return _as_text(column)
    plain = (
        kinds.is_integer,
        kinds.is_floating,
        kinds.is_boolean,
        kinds.is_string,
        kinds.is_large_string,
        kinds.is_timestamp,
        kinds.is_date,
        kinds.is_null,
    )
    if not any(is_kind(kind) for is_kind in plain):
        raise UnfitTable("column_not_plain")
    return column


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """ClickHouse hands its strings out as bytes."""
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        raise UnfitTable("text_not_utf8") from None
