"""Checks of a query: the same rows, no look ahead, and what it reads by the engine's own counters.

    from graders import sql

    monthly = sql.answers("sql/monthly.sql", rules={"keys": ("month",)}, points=20)
    lean = sql.frugal("sql/monthly.sql", times=2, points=5, needs=[monthly])

A query runs in a room that holds the project's SQL files and nothing else, so no code of the
project answers in the engine's place or turns its counters back. What differs is told by counts
and a cause (empty, scaled, shifted, rounded, repeated), never by a row.
"""

from graders.sql.asked import Rules, answers, frugal
from graders.sql.comparing import differences
from graders.sql.cost import reads_at_most, reference_result, within_budget
from graders.sql.rows import joined, same_rows
from graders.sql.time_travel import no_lookahead, same_without_future

__all__ = [
    "Rules",
    "answers",
    "differences",
    "frugal",
    "joined",
    "no_lookahead",
    "reads_at_most",
    "reference_result",
    "same_rows",
    "same_without_future",
    "within_budget",
]
