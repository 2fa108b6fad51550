"""The arithmetic of the checks of a service, and what an author may ask for."""

import itertools
import random
from typing import Any

import pytest

from graders import service
from graders.failures import Fail
from graders.service import latency, sameness
from graders.service.api import Unfit
from graders.service.calibration import MOST, Pace, factor, quantile
from graders.service.contract import broken
from graders.service.health import without
from graders.service.running import target_of
from sandbox.interface import Answer, Heard, Unanswered
from tests.graders.service.project import API, COMMAND, PREDICT, ROW, Row

JSON = {"content-type": "application/json; charset=utf-8"}


def answer(body: bytes, headers: dict[str, str] | None = None, seconds: float = 0.01) -> Answer:
    return Answer(status=200, headers=JSON if headers is None else headers, body=body,
                  seconds=seconds)  # fmt: skip


def heard(*milliseconds: float) -> list[Heard]:
    return [answer(b"{}", seconds=each / 1000) for each in milliseconds]


def test_a_quantile_is_a_request_that_was_made() -> None:
    twenty = heard(*range(1, 21))
    assert quantile(twenty, 0.50) == 0.010
    assert quantile(twenty, 0.95) == 0.019
    assert quantile(heard(7), 0.95) == 0.007


def test_a_fast_machine_tightens_no_budget_and_a_stuck_one_tells_nothing() -> None:
    assert factor(0.001, 0.005) == 1
    assert factor(0.010, 0.005) == 2
    assert factor(9.0, 0.005) == MOST
    assert Pace(p50=2, p95=1, start=3) | Pace(p50=1, p95=4, start=2) == Pace(p50=2, p95=4, start=3)


BUDGET = service.Budget(p50=0.010, p95=0.020)


@pytest.mark.parametrize(
    ("found", "wrong", "pace", "good"),
    [
        (heard(*[8] * 19, 500), 0, Pace(), True),
        (heard(*[8] * 18, 30, 30), 0, Pace(), False),
        (heard(*[8] * 18, 30, 30), 0, Pace(p95=2), True),
        (heard(*[12] * 20), 0, Pace(), False),
        (heard(*[12] * 20), 0, Pace(p50=1.5), True),
        (heard(*[8] * 20), 1, Pace(), False),
    ],
)
def test_a_round_is_good_when_all_is_right_and_in_time(
    found: list[Heard], wrong: int, pace: Pace, good: object
) -> None:
    assert latency.Round(heard=found, wrong=wrong, budget=BUDGET, pace=pace).good is good


@pytest.mark.parametrize(
    ("found", "wrong", "reason", "facts"),
    [
        (heard(*[8] * 18, 30, 30), 0, "too_slow",
         {"share": 95, "found": 30, "budget": 20, "slower": 1.0}),
        (heard(*[12] * 20), 0, "too_slow",
         {"share": 50, "found": 12, "budget": 10, "slower": 1.0}),
        (heard(*[12] * 20), 3, "fails_under_load", {"failed": 3, "total": 20, "rate": 40}),
    ],
)  # fmt: skip
def test_a_refusal_names_what_was_missed(
    found: list[Heard], wrong: int, reason: str, facts: dict[str, Any]
) -> None:
    with pytest.raises(Fail) as failure:
        latency._refuse(latency.Round(heard=found, wrong=wrong, budget=BUDGET, pace=Pace()))
    assert (failure.value.reason, failure.value.params) == (reason, facts)


def test_a_load_is_spread_over_its_time_at_random() -> None:
    budget = service.Budget(p95=1, rate=50, requests=100)
    moments = list(latency._moments(budget, random.Random(1)))  # noqa: S311 - not a secret
    assert moments == sorted(moments)
    assert moments[0] == 0
    gaps = {round(later - sooner, 6) for sooner, later in itertools.pairwise(moments)}
    assert len(gaps) > 50
    assert moments[-1] < 2.0


def test_each_round_has_bodies_of_its_own() -> None:
    bodies = list(range(9))
    assert [latency._share(bodies, n) for n in range(3)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert latency._share([1], 2) == [1]


@pytest.mark.parametrize(
    ("one", "other", "gap"),
    [
        (1.0, 1.0 + 1e-9, 0.0),
        (1, 1.0, 0.0),
        (1e9, 1e9 + 1, 0.0),
        (0.1, 0.2, 0.1),
        ("a", "a", 0.0),
        ("a", "b", float("inf")),
        (1, "1", float("inf")),
        (1, True, float("inf")),
        (True, True, 0.0),
        (None, None, 0.0),
        (None, 0, float("inf")),
        ([1], [1], 0.0),
    ],
)
def test_two_values_agree_or_are_so_far_apart(one: Any, other: Any, gap: float) -> None:
    assert sameness._gap(one, other, 1e-6) == pytest.approx(gap)


@pytest.mark.parametrize(
    ("body", "headers", "place", "rule"),
    [
        (b'{"id": 1, "score": 2}', None, "score", "out-of-range"),
        (b'{"id": 1, "score": "0.5"}', None, "score", "wrong-type"),
        (b'{"id": 1}', None, "score", "missing"),
        (b'{"id": "x", "score": 0.5}', None, "id", "wrong-type"),
        (b"[1]", None, "body", "wrong-type"),
        (b'{"id": 1, "score": NaN}', None, "body", "not-json"),
        (b'{"id": 1, "score": 1e999}', None, "body", "not-json"),
        (b'{"id": 1, "id": 2, "score": 0.5}', None, "body", "not-json"),
        (b"\xff", None, "body", "not-json"),
        (b"[" * 9_000, None, "body", "not-json"),
        (b'{"id": 1, "score": 0.5}', {"content-type": "text/html"}, "body", "not-json"),
        (b'{"id": 1, "score": 0.5}', {}, "body", "not-json"),
    ],
)
def test_an_answer_is_the_contracts_or_the_place_and_rule_are_told(
    body: bytes, headers: dict[str, str] | None, place: str, rule: str
) -> None:
    with pytest.raises(Unfit) as unfit:
        PREDICT.read(answer(body, headers))
    assert (unfit.value.place, unfit.value.rule) == (place, rule)


def test_an_honest_answer_may_say_more_than_was_asked_for() -> None:
    found = PREDICT.read(answer(b'{"id": 1, "score": 1, "took_ms": 3}'))
    assert found == {"id": 1, "score": 1, "took_ms": 3}


def test_only_what_the_quests_own_model_refuses_is_bad_input() -> None:
    cases = {(case.name, case.field) for case in broken(PREDICT)}
    assert {("missing", "age"), ("null", "id"), ("not-json", "body"), ("empty", "body")} <= cases
    assert ("text-for-number", "calls") in cases
    assert ("other-type", "city") in cases
    assert {("missing", "city"), ("null", "city"), ("text-for-number", "city")}.isdisjoint(cases)
    assert not list(broken(service.Route(path="/x", method="GET")))


def test_a_model_is_taken_away_or_cut_in_half() -> None:
    files = {"app/a.py": b"code", "/artifacts/model.json": b"abcdef"}
    assert without(files, ["/artifacts/*"], "missing") == {"app/a.py": b"code"}
    assert without(files, ["/artifacts/*"], "broken")["/artifacts/model.json"] == b"abc"
    assert without(files, ["models/*"], "missing") == files


def test_a_service_is_called_by_the_name_of_its_application() -> None:
    assert target_of(API) == "app.service:app"
    assert (
        target_of(service.Api(command=("python", "serve.py", "8000"), predict=PREDICT))
        == "serve.py"
    )
    assert API.words[-1] == "8000"


def test_what_an_author_cannot_mean_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="its own request model"):
        service.Api(command=COMMAND, predict=service.Route(path="/p", example={}, request=Row))
    with pytest.raises(ValueError, match="a command"):
        service.Api(command=(), predict=PREDICT)
    with pytest.raises(ValueError, match="cannot predict without"):
        service.health_tells_the_truth(service.Api(command=COMMAND, predict=PREDICT), points=1)
    for wrong in ({"p95": 0}, {"p95": 1, "rate": 0}, {"p95": 1, "requests": 3},
                  {"p95": 1, "p50": 2}):  # fmt: skip
        with pytest.raises(ValueError, match=r"a load|budgets"):
            service.Budget(**wrong)
    with pytest.raises(ValueError, match="positive"):
        service.starts_within(API, seconds=0, points=1)


def test_an_unanswered_request_is_never_right() -> None:
    assert not latency._right(PREDICT, Unanswered(why="reset", seconds=0.1))
    assert latency._right(PREDICT, answer(b'{"id": 1, "score": 1}'))
    assert ROW["city"] is None
