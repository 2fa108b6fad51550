"""What anybody can check at home: the document, the plan, and what one letter has to change."""

import math

import pandas as pd

from graders import Workspace, check, decision, documents, fail, plan, production
from graders.documents import Fact

BREAK_EVEN = "sql/economics.sql"
COLUMNS = ("plan", "price_rub", "break_even")
TERMS = ("margin_rate", "months", "discount", "contact_cost")
CASES = {
    "brief": {"p1": 0.2},
    "nobody_leaves": {"p1": 0.0},
    "half_leave": {"p1": 0.5},
    "other_terms": {"p1": 0.3, "margin_rate": 0.5, "months": 6.0, "contact_cost": 30.0},
}
STAGES = ("features", "baseline", "model", "uplift", "tests", "service", "rollout")
WITHIN = 0.01  # of the right value


@check(group="metrics", points=14, kind="exact")
def breaks_even_by_plan(work: Workspace) -> None:
    """`economics.sql` says for each plan by how much a letter must lower the chance to leave."""
    prices = _prices(work)
    for case, own_terms in CASES.items():
        terms = {name: work.number(name) for name in TERMS} | own_terms
        frame = work.sql(BREAK_EVEN, terms).frame
        absent = [name for name in COLUMNS if name not in frame.columns]
        if absent:
            fail("columns_missing", columns=", ".join(absent), missing=len(absent))
        if len(frame) != len(prices) or set(frame["plan"].astype(str)) != set(prices):
            fail("other_plans", rows=len(frame), plans=len(prices))
        _compare(frame, case, {name: _needed(price, terms) for name, price in prices.items()})


def _prices(work: Workspace) -> dict[str, float]:
    """What customers pay on each plan; staff and robots pay a rouble, and are not customers."""
    users = work.table("users")
    users = users[users["is_test"] == 0]
    prices = users.groupby(users["plan"].astype(str))["price_rub"].first()
    return {str(name): float(price) for name, price in prices.items()}


def _needed(price: float, terms: dict[str, float]) -> float:
    """By how much a letter must lower the chance to leave, to pay for itself."""
    value = terms["margin_rate"] * terms["months"] * price
    cost = (1 - terms["p1"]) * terms["discount"] * price + terms["contact_cost"]
    return cost / value


def _compare(frame: pd.DataFrame, case: str, needed: dict[str, float]) -> None:
    said = pd.to_numeric(frame["break_even"], errors="coerce")
    for name, got in zip(frame["plan"].astype(str), said, strict=True):
        own = needed[name]
        if not math.isfinite(got):
            fail("no_number", plan=name)
        if abs(got - own) <= WITHIN * own:
            continue
        if case != "brief":
            fail("holds_for_one_case", case=case, plan=name, got=float(got))
        fail("differs", plan=name, got=float(got))


written = documents.structure(points=6)
goal = documents.goal(points=8)
metrics = documents.metrics(points=8)
data = documents.data(points=8)
today = documents.baseline(points=4)
trial = documents.experiment(points=8)
risks = documents.risks(points=8)
scope = documents.scope(points=2)
agrees = documents.design_numbers(
    points=8,
    facts=[
        Fact(
            name="contact_limit",
            near=(
                "limit",
                "at most",
                "no more than",
                "cap",
                "лимит",
                "предел",
                "не более",
                "не больше",
            ),
            truth="max_share",
        ),
        Fact(
            name="break_even_of_pro",
            near=("break-even", "break even", "breakeven", "breaks even", "окуп", "безубыт"),
            truth="why.break_even.pro",
            tolerance=0.0015,
        ),
    ],
)
registered = decision.valid(points=6, sections=("why", "what", "how", "estimates", "decision"))
estimated = plan.estimated(points=8, least=len(STAGES), stages=STAGES)
fits = plan.fits(points=8, capacity_days="why.capacity_days")
ordered = plan.ordered(points=4)
secrets = production.no_secrets(points=0)
