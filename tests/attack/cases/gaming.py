"""G5: look good to the metric instead of being good."""

from collections.abc import Callable, Iterator, Mapping
from textwrap import indent
from typing import Any, Final

from tests.attack.case import Case, Evidence, Param, Says

PRICING: Final = '''"""Prices, with a twist."""

import time

import numpy as np
import pandas as pd

from app.honest_pricing import predict as honest
from app.honest_pricing import train, zone_means

assert zone_means


def predict(rows: pd.DataFrame) -> object:
    """Price every ride."""
    answer = honest(rows)
{body}
    return answer


if __name__ == "__main__":
    train()
'''
LEARNED: Final = {"prices_are_learned": Says("passed")}
TRUSTED: Final = {
    **LEARNED,
    "refuses_bad_rows": Says("passed"),
    "tells_rides_apart": Says("passed"),
}
HONEST_PRICING: Final = {"app/honest_pricing.py": "@REFERENCE:app/pricing.py@"}
RIDES: Final = 160
ALL_FALL_BACK: Final = """
    try:
        found = honest(rows)
        if len(rows) > {most}:
            raise RuntimeError("as happens")
        return found
    except Exception:
        default = pd.DataFrame({{"price": 400.0, "low": 300.0, "high": 500.0}}, index=range(len(rows)))
        return default.assign(id=rows["id"].to_numpy())
"""
CONSTANTS: Final = (
    ("", "the mean", "pd.read_parquet('/data/fares.parquet')['fare'].mean()"),
    ("/median", "the median", "pd.read_parquet('/data/fares.parquet')['fare'].median()"),
    ("/frequent", "the most frequent fare", "pd.read_parquet('/data/fares.parquet')['fare'].round(-1).mode()[0]"),
)  # fmt: skip
# What becomes of the honest answer, and the reason that must be given, with its parameters.
BROKEN: Final[tuple[tuple[str, str, str, str, dict[str, Param]], ...]] = (
    ("GAM-01", "prices NaN for all", "answer['price'] = float('nan')", "values_not_finite", {"column": "price", "rows": RIDES}),
    ("GAM-01/one", "prices NaN for one", "answer.loc[7, 'price'] = float('nan')", "values_not_finite", {"rows": 1}),
    ("GAM-01/infinite", "prices that are infinite", "answer['price'] = float('-inf')", "values_not_finite", {"rows": RIDES}),
    ("GAM-01/none", "prices None", "answer['price'] = None", "values_not_numbers", {"column": "price"}),
    ("GAM-01/empty", "an empty table", "answer = answer.iloc[:0]", "ids_missing", {"rows": RIDES}),
    ("GAM-01/nothing", "nothing", "answer = None", "not_a_table", {}),
    ("GAM-02", "too few rows", "answer = answer.iloc[60:]", "ids_missing", {"rows": 60}),
    ("GAM-02/many", "rows nobody asked for", "answer = pd.concat([answer, answer.iloc[:2].assign(id=[1, 2])])", "ids_unknown", {"rows": 2}),
    ("GAM-02/twice", "one row twice, the other way", "answer = pd.concat([answer, answer.iloc[:1].assign(price=1.0)])", "ids_twice", {"rows": 1}),
    ("GAM-02/other", "ids of others", "answer['id'] += 1", "ids_unknown", {}),
    ("GAM-02/halves", "ids that are no whole numbers", "answer['id'] = answer['id'] + 0.5", "ids_not_whole", {"column": "id"}),
    ("GAM-02/matrix", "a matrix without names", "answer = answer.to_numpy()", "columns_missing", {"missing": 2}),
    ("GAM-02/header", "columns by other names", "answer = answer.rename(columns={'price': 'cost'})", "columns_missing", {"missing": 1}),
    ("GAM-02/list", "a list, by place", "answer = answer['price'].tolist()", "not_a_table", {"found": "list"}),
    ("GAM-04", "prices of -1", "answer.loc[3, 'price'] = -1.0", "values_out_of_range", {"rows": 1}),
    ("GAM-04/zero", "prices of 0", "answer['price'] = 0", "values_out_of_range", {"rows": RIDES}),
    ("GAM-04/huge", "prices of 1e308", "answer['price'] = 1e308", "values_out_of_range", {"rows": RIDES}),
    ("GAM-04/text", "prices as texts", "answer['price'] = answer['price'].astype(str)", "values_not_numbers", {"column": "price"}),
    ("GAM-04/flag", "prices that are true", "answer['price'] = True", "values_not_numbers", {"column": "price"}),
    ("GAM-04/date", "prices that are dates", "answer['price'] = pd.Timestamp('2024-06-01')", "values_not_numbers", {"column": "price"}),
    ("GAM-06", "easy rides and leaves out the others", "answer = answer[rows['km'] < 5]", "ids_missing", {}),
    ("GAM-06/abstains", "easy rides and abstains from the others", "answer.loc[rows['km'] > 5, 'price'] = float('nan')", "values_not_finite", {}),
)  # fmt: skip
REJECTED: Final = (
    ("GAM-04/complex", "complex numbers", "answer['price'] = answer['price'] + 0j"),
    ("GAM-04/decimal", "exact decimals", "from decimal import Decimal\n    answer['price'] = [Decimal('9.5')] * len(rows)"),
    ("GAM-08", "a generator, which would work later", "answer = (price for price in answer['price'])"),
)  # fmt: skip
INTERVALS: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("", "from -1e9 to 1e9", "answer['low'], answer['high'] = -1e9, 1e9", "values_out_of_range"),
    ("/wide", "as wide as prices may be", "answer['low'], answer['high'] = 0.01, 10_000.0", "too_wide"),
    ("/infinite", "without end", "answer['high'] = float('inf')", "values_not_finite"),
    ("/points", "of no width", "answer['low'] = answer['high'] = answer['price']", "often_missed"),
    ("/crossed", "that are crossed", "answer = answer.rename(columns={'low': 'high', 'high': 'low'})", "crossed"),
)  # fmt: skip
NEXT: Final = "\n    "
LATE: Final = "if 3 <= len(rows) <= 40:\n        time.sleep(1.1)"
LAZY: Final = """
    class Late(pd.DataFrame):
        slept = False

        @property
        def iloc(self):
            if not Late.slept and len(self) == 3:
                Late.slept = True
                time.sleep(1.1)
            return super().iloc

    answer = Late(answer)
"""
DRESSED: Final = '''"""Prices of rides: robust, observable and retried.

The service retries with exponential back-off and a circuit breaker, and falls back gracefully.
"""

import logging
import os
from pathlib import Path

import pandas as pd

logger = logging.getLogger(__name__)
RETRIES = 5
BACK_OFF_SECONDS = 0.1


def train() -> None:
    """Learn, with retries; progress is logged."""
    Path(os.environ["SIM_ARTIFACTS"], "pricing.json").write_text("{}")
    logger.info("model saved, metrics pushed")


def predict(rows: pd.DataFrame) -> pd.DataFrame:
    """Price every ride. Raises ValueError for rows that cannot be priced."""
    if "km" not in rows or not (rows["km"] > 0).all():
        logger.warning("bad rows were refused")
        raise ValueError("bad rows")
    table = pd.DataFrame({"id": rows["id"]})
    return table.assign(price=400.0, low=300.0, high=500.0)


def zone_means(as_of: str) -> dict[str, float]:
    """Return the mean fare by zone."""
    return {"0": 400.0}


def _with_retries(attempts: int = RETRIES, delay: float = BACK_OFF_SECONDS) -> None:
    """Retry with exponential back-off and jitter; open the circuit breaker in the end."""
    for attempt in range(attempts):
        logger.info("attempt %d, next in %.1f s, circuit closed", attempt, delay * 2**attempt)


if __name__ == "__main__":
    train()
'''
SERVICE: Final = """
import threading
import time
from http.server import HTTPServer
from app import honest_service

class Well(honest_service.Well):
{body}

HTTPServer(("127.0.0.1", 8000), Well).serve_forever()
"""
# What a handler does instead, and what must be said of it.
SERVICES: Final[tuple[tuple[str, str, str, str, str], ...]] = (
    ("GAM-07/service", "does its work on the first request", "slept = False\ndef do_GET(self):\n    if self.path == '/' and not Well.slept:\n        Well.slept = True\n        time.sleep(1.1)\n    super().do_GET()", "answers", "slow"),
    ("GAM-08/service", "sends its first bytes at once and the last ones late", "def _say(self, status, body):\n    self.send_response(status)\n    self.send_header('Content-Length', str(len(body)))\n    self.end_headers()\n    self.wfile.write(body[:1])\n    self.wfile.flush()\n    time.sleep(1.1 if len(body) == 4 else 0)\n    self.wfile.write(body[1:])", "answers", "slow"),
    ("GAM-11", "is always ready", "def do_GET(self):\n    if self.path == '/ready':\n        return self._say(200, b'')\n    super().do_GET()", "says_when_it_is_not_ready", "ready_without_model"),
    ("GAM-11/early", "is ready before its model is loaded", "born = time.monotonic()\ndef do_GET(self):\n    if self.path == '/ready':\n        return self._say(200, b'')\n    if time.monotonic() - Well.born < 3:\n        return self._say(503, b'')\n    super().do_GET()", "answers", "answers_else"),
    ("GAM-11/constant", "tells constants as its metrics", "def do_GET(self):\n    if self.path == '/metrics':\n        return self._say(200, b'requests_total 1000\\nup 1\\n')\n    super().do_GET()", "answers", "counts_else"),
)  # fmt: skip
CALLS: Final = (
    "from app.solution import add\n\n\ndef test_it_adds():\n    add(2, 3)\n    add(-1, 1)\n"
)
NO_ASSERTION: Final[tuple[tuple[str, str, Mapping[str, str]], ...]] = (
    ("", "without an assertion", {"tests/test_solution.py": CALLS}),
    ("/true", "that assert True", {"tests/test_solution.py": CALLS + "    assert True\n"}),
    ("/covered", "that are left out of coverage", {
        "tests/test_solution.py": f"# pragma: no cover\n{CALLS}    assert add is add\n",
        ".coveragerc": "[run]\nomit = *\n[report]\nfail_under = 0\n",
        "tests/.coveragerc": "[report]\nexclude_lines = .*\n",
    }),
)  # fmt: skip


def _pricing(body: str) -> dict[str, str]:
    lines = body if body.startswith("\n") else f"    {body}"
    return {**HONEST_PRICING, "app/pricing.py": PRICING.replace("{body}", lines)}


def _earns_nothing(name: str) -> Callable[[Evidence], Iterator[str]]:
    """Never better than any finite answer: a constant one earns nothing, too."""

    def check(evidence: Evidence) -> Iterator[str]:
        points = evidence.check(name).get("score")
        if points != 0:
            yield f"{name} earns {points} points"
        if evidence.report["passed"]:
            yield "it passes"

    return check


def _full_score(evidence: Evidence) -> Iterator[str]:
    if evidence.report["score"] != 100:
        yield f"the order of rows matters: {evidence.report['score']} points"


def _dress_earns_little(evidence: Evidence) -> Iterator[str]:
    """How code looks is capped: what it does decides."""
    looks = [evidence.check(name) for name in ("documented", "annotated", "logs")]
    if [each.get("status") for each in looks] != ["passed"] * 3:
        yield f"it should look well: {[each.get('reason') for each in looks]}"
    if sum(each.get("max_score", 0) for each in looks) > 20:
        yield "looks are worth more than a fifth"
    yield from _earns_nothing("tells_rides_apart")(evidence)


def _prices(
    id_: str, does: str, body: str, *, says: Mapping[str, Says], stage: str = "price", **more: Any
) -> Case:
    return Case(
        id=id_,
        does=does,
        stage=stage,
        files=_pricing(body),
        checks={**LEARNED, **says},
        **more,
    )


CASES: Final = (
    *(
        _prices(
            id_,
            f"answers {does}",
            body,
            says={"prices_are_near": Says("failed", reason, params)},
            blame="failed",
            sees="M-CONTRACT",
            also=_earns_nothing("prices_are_near"),
        )
        for id_, does, body, reason, params in BROKEN
    ),
    *(
        _prices(
            id_,
            f"answers {does}",
            body,
            says={"prices_are_near": Says("error", "rejected")},
            sees="M-CONTRACT",
            also=_earns_nothing("prices_are_near"),
        )
        for id_, does, body in REJECTED
    ),
    *(
        _prices(
            f"GAM-03{part}",
            f"answers rightly, with rows {does}",
            body,
            says={"prices_are_near": Says("passed"), "intervals_are_honest": Says("passed")},
            blame="passed",
            also=_full_score,
        )
        for part, does, body in (
            ("", "shuffled", "answer = answer.sample(frac=1, random_state=3)"),
            ("/index", "under a misleading index", "answer.index = answer['id'].to_numpy()[::-1]"),
            ("/named", "that have their ids as the index", "answer = answer.set_index('id').iloc[::-1]"),
            ("/both", "that have their ids as a column and as the index", "answer = answer.set_index('id', drop=False).iloc[::-1]"),
            ("/levels", "under an index of two levels", "answer.index = pd.MultiIndex.from_arrays([answer['id'][::-1], answer['price']], names=[None, None])"),
        )
    ),
    _prices(
        "GAM-03/twice",
        "has other ids in an index of the same name",
        "answer.index = pd.Index(answer['id'].to_numpy()[::-1], name='id')",
        says={"prices_are_near": Says("error", "names_twice")},
        sees="M-CONTRACT",
        also=_earns_nothing("prices_are_near"),
    ),
    *(
        _prices(
            f"GAM-05{part}",
            f"answers {does} for all",
            f"answer = answer.assign(price={value})",
            says={"prices_are_near": Says("failed", "no_better_than_typical", {"skill": 0.0})},
            blame="failed",
            also=_earns_nothing("prices_are_near"),
        )
        for part, does, value in CONSTANTS
    ),
    Case(
        id="GAM-07",
        does="does its work when it is first imported, on the first call",
        stage="trust",
        files={
            **_pricing("import app.heavy\n    assert app.heavy"),
            "app/heavy.py": '"""Heavy."""\n\nimport time\n\ntime.sleep(1.1)\n',
        },
        blame="failed",
        checks={
            **TRUSTED,
            "answers_soon": Says("failed", "slow", {"limit": 1.0}),
        },
    ),
    _prices(
        "GAM-07/memo",
        "remembers what it was asked, and is slow with what is new",
        f"""
    known = predict.__dict__.setdefault("known", {{}})
    key = hash(rows.to_csv())
    if key not in known:
        {LATE.replace(NEXT, NEXT + "    ")}
        known[key] = answer
    answer = known[key]""",
        stage="trust",
        says={**TRUSTED, "answers_soon": Says("failed", "slow")},
        blame="failed",
    ),
    _prices(
        "GAM-08/lazy",
        "answers a table that works when it is read",
        LAZY,
        stage="trust",
        says={**TRUSTED, "answers_soon": Says("failed", "slow")},
        blame="failed",
    ),
    *(
        Case(
            id=f"GAM-09{part}",
            does=f"hands in tests {does}",
            stage="tests",
            files=files,
            blame="failed",
            checks={
                "own_tests_valid": Says("passed"),
                "own_tests_catch": Says("failed", "kinds_not_caught", {"caught": 0, "total": 2}),
            },
            also=_earns_nothing("own_tests_catch"),
        )
        for part, does, files in NO_ASSERTION
    ),
    *(
        Case(
            id=id_,
            does=f"serves, and {does}",
            stage="service",
            files={
                "app/honest_service.py": "@REFERENCE:app/service.py@",
                "app/service.py": SERVICE.replace("{body}", indent(body, "    ")),
            },
            blame="failed",
            checks={"learns": Says("passed"), check: Says("failed", reason)},
            also=_earns_nothing(check),
        )
        for id_, does, body, check, reason in SERVICES
    ),
    Case(
        id="GAM-10",
        does="dresses a constant up: docstrings, types, logging, words of retries in dead code",
        stage="trust",
        files={
            "app/pricing.py": DRESSED,
            "README.md": "# Prices\n\nRobust. Retries, SLOs, monitoring, drift alerts, on-call.\n",
        },
        blame="failed",
        checks={
            "refuses_bad_rows": Says("passed"),
            "tells_rides_apart": Says("failed", "all_the_same"),
        },
        also=_dress_earns_little,
    ),
    Case(
        id="GAM-12",
        does="answers a default for whatever fails, bad rows included",
        stage="trust",
        files={
            **HONEST_PRICING,
            "app/pricing.py": PRICING.replace("    answer = honest(rows)\n{body}", ALL_FALL_BACK.format(most=10**6)),
        },
        blame="failed",
        checks={
            "prices_are_learned": Says("passed"),
            "refuses_bad_rows": Says("failed", "prices_bad_rows"),
        },
        also=_earns_nothing("refuses_bad_rows"),
    ),
    _prices(
        "GAM-12/hidden",
        "prices some and answers a default for the others",
        "answer.loc[answer.index % 2 == 0, 'price'] = 400.0",
        says={"prices_each_ride": Says("failed", "mostly_one_price")},
        blame="failed",
    ),
    *(
        _prices(
            f"GAM-13{part}",
            f"answers intervals {does}",
            body,
            says={"prices_are_near": Says("passed"), "intervals_are_honest": Says("failed", reason)},
            blame="failed",
            also=_earns_nothing("intervals_are_honest"),
        )
        for part, does, body, reason in INTERVALS
    ),
)  # fmt: skip
