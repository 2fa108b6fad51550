"""Code that swallows its errors answers with a default, and nobody hears that it is blind.

Two signs are looked at from outside: what cannot be answered has to be refused, and on rows that
differ the commonest answer must not be too common.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Unpack

import numpy as np
import pandas as pd

from graders.checking import Check
from graders.failures import Ended, Fail
from graders.leakage.rows import Ask
from graders.metrics import as_values
from graders.metrics.answers import Numbers
from graders.ready import Terms, ready
from graders.results import Group, Outcome
from graders.workspace import Workspace

Break = Callable[[pd.DataFrame], pd.DataFrame]
"""Makes rows that cannot be answered out of rows that can."""


def without(column: str) -> Break:
    """The rows without a column that an answer needs."""
    return lambda rows: rows.drop(columns=column)


def with_words(column: str) -> Break:
    """The rows with words where numbers belong."""
    return lambda rows: rows.assign(**{column: "no number"})


def refuses(
    ask: Ask,
    rows: pd.DataFrame,
    breaks: Mapping[str, Break],
    *,
    errors: Sequence[str] = (),
) -> None:
    """Fail unless rows are answered, and each broken kind of them is refused by an exception.

    `breaks` names the cases, as in a message: ``{"age_missing": without("age")}``; `errors` are
    the names of the agreed exceptions (any will do without). In a hidden phase a class of the
    learner's own is named Exception. Reasons: bad_input_answered, refused_otherwise, those of
    `as_values`, and how the code ended on rows that are in order.
    """
    as_values(ask(rows), rows=len(rows))
    answered, other = [], {}
    for case, broken in breaks.items():
        error = _refusal(ask, broken(rows))
        if error is None:
            answered.append(case)
        elif errors and error not in errors:
            other[case] = error
    if answered:
        counts = {"cases": len(answered), "total": len(breaks)}
        raise Fail("bad_input_answered", {"case": answered[0], **counts})
    if other:
        case, error = next(iter(other.items()))
        wanted = ", ".join(errors)
        raise Fail("refused_otherwise", {"case": case, "error": error, "wanted": wanted})


def default_rate(answers: Numbers) -> float:
    """The share of rows that get the commonest answer, 0 to 1."""
    return float(np.unique(answers, return_counts=True)[1].max() / len(answers))


def few_defaults(answers: object, *, rows: int, most: float) -> None:
    """Fail when more than the share `most` of `rows` that differ get one and the same answer.

    Take `most` from the reference: a tree has fewer distinct answers than a linear model. Reasons:
    one_answer_for_most, and those of `as_values`.
    """
    rate = default_rate(as_values(answers, rows=rows))
    if rate > most:
        raise Fail("one_answer_for_most", {"share": rate, "most": most})


def refuses_bad_input(
    target: str,
    rows: Callable[[Workspace], pd.DataFrame],
    *,
    breaks: Mapping[str, Break],
    errors: Sequence[str] = (),
    most: float = 1.0,
    called: str | None = None,
    **terms: Unpack[Terms],
) -> Check:
    """What cannot be answered is refused, and what can is answered row by row.

    `target` is called with a table and answers with a number a row. Proves that no exception is
    swallowed into a default on the `breaks`, and that at most the share `most` of good rows share
    an answer. Reasons: those of `refuses` and `few_defaults`.

        loud = refuses_bad_input("driver.model:loaded", some_rows, points=3,
                                 breaks={"tenure_missing": without("tenure_months")})
    """
    if not breaks:
        raise ValueError("name at least one kind of rows that cannot be answered")

    def judge(work: Workspace) -> None:
        asked = rows(work)

        def ask(frame: pd.DataFrame) -> object:
            return work.call(target, frame, called=called)

        refuses(ask, asked, breaks, errors=errors)
        few_defaults(ask(asked), rows=len(asked), most=most)

    return ready(judge, terms, name="refuses_bad_input", group=Group.TESTS, kind="negation")


def _refusal(ask: Ask, rows: pd.DataFrame) -> str | None:
    """The name of the exception that these rows meet, None when they are answered."""
    try:
        ask(rows)
    except Ended as ended:
        if ended.outcome is Outcome.ERROR and "error" in ended.params:
            return str(ended.params["error"])
        raise  # a crash, a limit: no refusal, and told as what it is
    return None
