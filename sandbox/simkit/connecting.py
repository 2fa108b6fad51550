"""Connect to a quest's tables: chDB over Parquet files, or a ClickHouse server."""

import json
import os
from datetime import UTC
from pathlib import Path
from typing import Any

import clickhouse_connect

DESCRIPTION = "_dataset.json"
_SETTINGS = {"session_timezone": "UTC"}  # whatever the machine's zone is


class NoData(Exception):
    """There are no tables where they should be; the message says where that is."""


def connect() -> Any:  # noqa: ANN401 - clickhouse_connect's client, which has no types
    """Return a new ``clickhouse_connect`` client whose current database is the quest's.

    Moments come back aware, in UTC. Raises NoData when there are no tables.
    """
    url = os.environ.get("CLICKHOUSE_URL")
    return _served(url) if url else _embedded(data_folder())


def data_folder() -> Path:
    """Return the folder that holds the tables as Parquet files."""
    return Path(os.environ.get("SIM_DATA", "/data"))


def described() -> dict[str, Any]:
    """Return what the data folder says of itself: database, now, tables. Empty if nothing."""
    path = data_folder() / DESCRIPTION
    if not path.is_file():
        return {}
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return facts


def _served(url: str) -> Any:  # noqa: ANN401
    return _on_utc(clickhouse_connect.get_client(dsn=url, tz_mode="aware", settings=_SETTINGS))


def _on_utc(client: Any) -> Any:  # noqa: ANN401
    """Let a client write parameters in the zone that `_SETTINGS` makes the engine read.

    It learns the server's own zone with its first command, so this comes after that.
    """
    client.server_tz = UTC
    return client


def _embedded(folder: Path) -> Any:  # noqa: ANN401
    facts = described()
    if not facts:
        raise NoData(f"there are no tables in {folder}: it has no {DESCRIPTION}")
    # chDB starts threads as soon as it is imported: get_client imports it, and nothing before.
    client = clickhouse_connect.get_client(interface="chdb", tz_mode="aware", settings=_SETTINGS)
    database = facts["database"]
    client.command(f"CREATE DATABASE IF NOT EXISTS {_name(database)}")
    for table, facts_of_table in facts["tables"].items():
        client.command(_view(f"{_name(database)}.{_name(table)}", folder / table, facts_of_table))
    client.database = database
    client.command("SET readonly = 2")  # like a learner's account on a server
    return _on_utc(client)


def _view(name: str, file: Path, table: dict[str, Any]) -> str:
    """Say the types outright: guessing them from the file costs time and loses Enum and zone."""
    columns = ", ".join(f"{_name(column)} {kind}" for column, kind in table["columns"])
    source = f"file({_text(f'{file}.parquet')}, Parquet, {_text(columns)})"
    return f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {source}"  # noqa: S608 - quoted


def _name(word: str) -> str:
    return "`" + word.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _text(words: str) -> str:
    return "'" + words.replace("\\", "\\\\").replace("'", "\\'") + "'"
