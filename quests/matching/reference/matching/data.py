"""Reads of the project's own queries."""

from pathlib import Path

_SQL = Path(__file__).parents[1] / "sql"


def read_sql(name: str) -> str:
    """The text of a query in `sql/`."""
    return (_SQL / name).read_text(encoding="utf-8")
