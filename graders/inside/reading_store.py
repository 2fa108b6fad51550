"""An MLflow tracking store, a SQLite file, as plain values: read in a room with nothing else.

A database file carries a schema that is code: views, triggers, generated columns and virtual
tables run when they are asked. So only plain tables are read, by an authorizer that knows their
names and columns, and by a statement that is stopped when it works for too long.
"""

import sqlite3

MAGIC = b"SQLite format 3\0"
LONGEST_CELL = 65_536
MOST_STEPS = 2_000  # times ten thousand instructions of the engine's machine
STEP = 10_000
TABLES = {
    "experiments": ("experiment_id", "name", "artifact_location", "lifecycle_stage"),
    "runs": (
        "run_uuid",
        "experiment_id",
        "name",
        "status",
        "start_time",
        "end_time",
        "lifecycle_stage",
        "artifact_uri",
    ),
    "params": ("run_uuid", "key", "value"),
    "tags": ("run_uuid", "key", "value"),
    "latest_metrics": ("run_uuid", "key", "value", "is_nan"),
    "logged_models": (
        "model_id",
        "experiment_id",
        "name",
        "artifact_location",
        "status",
        "lifecycle_stage",
        "source_run_id",
    ),
}
OPTIONAL = {"logged_models"}  # MLflow 2 has none
Cell = str | int | float | None


class Refused(Exception):
    """A store breaks a rule; the argument is its name."""


def store(content: bytes, most_rows: int) -> object:
    """The rows of each table by its name, as ``{"value": …}``; or the rule that it breaks."""
    try:
        return {"value": _tables(content, most_rows)}
    except Refused as refused:
        return {"rule": refused.args[0]}
    except (sqlite3.Error, ValueError, OverflowError):
        return {"rule": "unreadable"}  # whatever the library says of a file that is damaged


def _tables(content: bytes, most_rows: int) -> dict[str, list[list[Cell]]]:
    if not content.startswith(MAGIC):
        raise Refused("not-a-store")
    database = sqlite3.connect(":memory:", isolation_level=None)
    # A file left in write-ahead mode asks for its journal, which did not come along.
    database.deserialize(content[:18] + b"\x01\x01" + content[20:])
    for setting in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "mmap_size=0"):
        database.execute(f"PRAGMA {setting}")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1_000_000)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.set_authorizer(_allowed)
    steps = iter(range(MOST_STEPS))
    database.set_progress_handler(lambda: next(steps, None) is None, STEP)
    plain = _plain_tables(database)
    missing = set(TABLES) - plain - OPTIONAL
    if missing:
        raise Refused("not-a-store")
    return {name: _rows(database, name, most_rows) if name in plain else [] for name in TABLES}


def _allowed(action: int, first: str | None, second: str | None, *_: object) -> int:
    """Selecting, and reading the columns that are asked for: nothing else, not even a function."""
    known = action == sqlite3.SQLITE_READ and (
        first in ("sqlite_master", "sqlite_schema")
        or (first in TABLES and second in (*TABLES[first], ""))
    )
    fine = known or action == sqlite3.SQLITE_SELECT
    return sqlite3.SQLITE_OK if fine else sqlite3.SQLITE_DENY


def _plain_tables(database: sqlite3.Connection) -> set[str]:
    """The tables that hold rows themselves: no view, no module, no column that is computed."""
    found = set()
    for kind, name, made in database.execute("SELECT type, name, sql FROM sqlite_master"):
        words = made.upper().split() if isinstance(made, str) else []
        if kind == "table" and words[:2] == ["CREATE", "TABLE"] and "AS" not in words:
            found.add(name)
    return found


def _rows(database: sqlite3.Connection, table: str, most: int) -> list[list[Cell]]:
    columns = ", ".join(f"[{name}]" for name in TABLES[table])  # in "quotes" it might be a text
    rows: list[list[Cell]] = []
    for row in database.execute(f'SELECT {columns} FROM "{table}"'):  # noqa: S608 - our own names
        if len(rows) == most:
            raise Refused("too-many-rows")
        rows.append([_cell(value) for value in row])
    return rows


def _cell(value: object) -> Cell:
    if isinstance(value, str) and len(value) > LONGEST_CELL:
        raise Refused("cell-too-long")
    if isinstance(value, float):
        return value if value - value == 0 else None  # NaN and infinities are no number
    if value is None or isinstance(value, str | int):
        return value
    raise Refused("column-of-another-type")
