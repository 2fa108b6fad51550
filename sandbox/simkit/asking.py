"""Ask a question in SQL and get a DataFrame, or one sentence that says what is wrong."""

import difflib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pandas as pd
from clickhouse_connect.driver.exceptions import ClickHouseError

from .connecting import connect, described
from .statements import only_statement

_PLACEHOLDER = re.compile(r"\{\s*(\w+)\s*:\s*([^}]+)\}")
_EXCEPTION = re.compile(r"DB::Exception: (.*)", re.DOTALL)
_NOISE = re.compile(
    r"(\.?\s*Expected one of:.*|\s*In scope .*|\s*: ?(?:While|while) .*|\s*\(version .*)",
    re.DOTALL,
)
# What the client appends to every query is no matter of whoever wrote it.
_APPENDED = re.compile(
    r"failed at position \d+ \((?:FORMAT|Native)\).*|:[^:]*\bFORMAT Native$", re.DOTALL
)
_NAME = re.compile(
    r"[Ii]dentifier [`'\"]?([\w.]+)|[Tt]able (?:expression identifier )?[`'\"]?([\w.]+)"
)
_LONGEST = 400


class QueryError(Exception):
    """A query that the engine refuses; the message says what is wrong, and where."""


def query(sql: str, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Run one SELECT and return its rows.

    Values go in as parameters that the engine binds, ``{as_of:DateTime64(3)}``, never by pasting
    text. A moment without a time zone counts as UTC. Raises QueryError.
    """
    return run(sql, params, client=client()).frame


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Rows, and the engine's own words on what they cost."""

    frame: pd.DataFrame
    summary: Mapping[str, Any]


def run(sql: str, params: Mapping[str, Any] | None, *, client: Any) -> Answer:  # noqa: ANN401
    """Run one statement on a client. Raises QueryError."""
    with explained():
        statement = only_statement(sql)
        values = bound(statement, params or {})
        context = client.create_query_context(
            statement, values, use_numpy=True, as_pandas=True, use_extended_dtypes=True
        )
        # `query_df` does just this, but keeps the summary to itself.
        result = client._query_with_context(context)  # noqa: SLF001
        frame = result.df_result
        if frame.columns.empty:  # no rows: the engine sent no names either
            names = client.query(f"DESCRIBE TABLE ({statement})", values).result_rows
            frame = pd.DataFrame({name: [] for name, *_ in names})
    return Answer(frame=frame, summary=result.summary)


@lru_cache(maxsize=1)
def client() -> Any:  # noqa: ANN401
    """Return the client that this process keeps for its queries."""
    return connect()


def bound(sql: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters as the engine can bind them. Raises QueryError for one not given."""
    wanted = dict(_PLACEHOLDER.findall(sql))
    missing = [name for name in wanted if name not in params]
    if missing:
        given = ", ".join(params) or "none"
        raise QueryError(f"the query asks for the parameter `{missing[0]}`; given: {given}")
    return {name: _moment(value, wanted.get(name, "")) for name, value in params.items()}


def _moment(value: object, kind: str) -> object:
    """Make a moment aware; text for a moment may be ISO 8601."""
    if isinstance(value, str) and "DateTime" in kind:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise QueryError(f"{value!r} is no moment in ISO 8601") from None
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the engine says into a QueryError with one sentence."""
    try:
        yield
    except ClickHouseError as error:
        raise QueryError(_sentence(str(error))) from None
    except ValueError as error:
        raise QueryError(str(error)) from None


def _sentence(text: str) -> str:
    found = _EXCEPTION.search(text)
    words = found[1] if found else text
    sentence = " ".join(_NOISE.sub("", words).split())
    sentence = _APPENDED.sub(_where, sentence)[:_LONGEST]
    return sentence + _nearest(words)


def _where(found: re.Match[str]) -> str:
    return "at the end of the query" if found[0].startswith("failed") else ""


def _nearest(words: str) -> str:
    """Name the column or table that was probably meant."""
    found = _NAME.search(words)
    if found is None or "Unknown" not in words:
        return ""
    asked = (found[1] or found[2]).rpartition(".")[2]
    tables = described().get("tables", {})
    known = [*tables, *(name for table in tables.values() for name, _ in table["columns"])]
    near = difflib.get_close_matches(asked, dict.fromkeys(known), n=1)
    return f" Did you mean `{near[0]}`?" if near else ""
