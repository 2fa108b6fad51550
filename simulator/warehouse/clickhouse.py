"""Speak to a ClickHouse server: the one module that does. Loads datasets as MergeTree tables."""

import contextlib
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clickhouse_connect
import pyarrow as pa
import pyarrow.parquet as pq
from clickhouse_connect.driver.exceptions import ClickHouseError

from graders.datasets import DESCRIPTION

_BATCH_ROWS = 250_000
_TABLE_EXISTS = 57  # ClickHouse's error code


class WarehouseError(Exception):
    """The server cannot be reached or refuses what we ask; the message says which."""


def load(folder: Path, *, url: str) -> str:
    """Load a dataset into a database of its own and return the database's name.

    The name follows from the folder's, which follows from the content: a table that is there is
    whole and is left alone, so loading again, or twice at a time, changes nothing. Raises
    WarehouseError.
    """
    facts = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    database = database_of(folder)
    try:
        with contextlib.closing(_connect(url)) as client:
            client.command(f"CREATE DATABASE IF NOT EXISTS {database}")
            present = {
                name for (name,) in client.query(f"SHOW TABLES FROM {database}").result_rows
            }
            for table, description in facts["tables"].items():
                if table not in present:
                    _load_table(client, f"{database}.{table}", description, folder)
    except ClickHouseError as error:
        raise WarehouseError(f"ClickHouse did not take {folder.name}: {error}") from error
    return database


def database_of(folder: Path) -> str:
    """Return the name of the database that holds a dataset on a server."""
    return re.sub(r"\W", "_", folder.name)


def definition(name: str, description: dict[str, Any]) -> str:
    """Return the CREATE TABLE statement of a described table."""
    columns = ", ".join(f"`{column}` {kind}" for column, kind in description["columns"])
    partition = description["partition_by"]
    parts = f" PARTITION BY {partition}" if partition else ""
    order = ", ".join(f"`{column}`" for column in description["order_by"])
    return f"CREATE TABLE {name} ({columns}) ENGINE = MergeTree{parts} ORDER BY ({order})"


def _connect(url: str) -> Any:  # noqa: ANN401 - clickhouse_connect has no types
    return clickhouse_connect.get_client(dsn=url, settings={"session_timezone": "UTC"})


def _load_table(client: Any, name: str, description: dict[str, Any], folder: Path) -> None:  # noqa: ANN401
    """Fill a table under a passing name and give it its own when it is whole."""
    passing = f"{name}__{uuid.uuid4().hex}"
    client.command(definition(passing, description))
    try:
        for batch in _batches(folder / f"{name.rpartition('.')[2]}.parquet"):
            client.insert_arrow(passing, batch)
        client.command(f"RENAME TABLE {passing} TO {name}")
    except ClickHouseError as error:
        if (
            getattr(error, "code", None) != _TABLE_EXISTS
        ):  # else somebody else was quicker, with the same rows
            raise
    finally:
        client.command(f"DROP TABLE IF EXISTS {passing}")


def _batches(path: Path) -> Iterator[pa.Table]:
    for batch in pq.ParquetFile(path).iter_batches(_BATCH_ROWS):
        yield pa.Table.from_batches([batch])
