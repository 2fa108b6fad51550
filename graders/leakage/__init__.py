"""Leakage, found by what it does: time travel, the outcome in features, overlap, tricks with ids.

    from graders import leakage

    honest = leakage.no_time_travel(features_at, keys=["user_id"], cut="hidden_cut", points=12)
    alone = leakage.row_by_row("driver.model:loaded", some_rows, points=4)
    loud = leakage.refuses_bad_input("driver.model:loaded", some_rows, points=3,
                                     breaks={"tenure_missing": leakage.without("tenure_months")})

Each is also a function for use inside a check of one's own: `same_without_future`, `stands_alone`
(or `dependence`, which only tells), `no_target_leak`, `same_without_target`, `no_overlap`,
`no_copies`, `split_in_time`, `refuses`, `few_defaults`. `ids_tell` is for authors: it shows that
a quest's own data do not give outcomes away.
"""

from graders.leakage.ids import ids_tell
from graders.leakage.moments import no_time_travel
from graders.leakage.rows import Dependence, dependence, row_by_row, stands_alone
from graders.leakage.splits import no_copies, no_overlap, split_in_time
from graders.leakage.swallowing import (
    default_rate,
    few_defaults,
    refuses,
    refuses_bad_input,
    with_words,
    without,
)
from graders.leakage.target import no_target_leak, same_without_target, strengths
from graders.sql import same_without_future

__all__ = [
    "Dependence",
    "default_rate",
    "dependence",
    "few_defaults",
    "ids_tell",
    "no_copies",
    "no_overlap",
    "no_target_leak",
    "no_time_travel",
    "refuses",
    "refuses_bad_input",
    "row_by_row",
    "same_without_future",
    "same_without_target",
    "split_in_time",
    "stands_alone",
    "strengths",
    "with_words",
    "without",
]
