"""What anybody can check at home: the form of candidates, and what must not change them."""

from dataclasses import replace

import numpy as np
import pandas as pd

from graders import Check, Phase, Workspace, check, fail, production

ASK, FORM, REFUSAL = "driver.candidates:ask", "driver.candidates:form", "driver.candidates:refusal"
CALLED = "Blocker.candidates"
K = 10
COLUMNS = ["offer_id", "product_id", "rank", "score"]
CARDS, OFFERS, TWINS = 300, 60, 12
LOOKALIKES = str.maketrans("aceopxy", "асеорху")


def _cards(work: Workspace) -> pd.DataFrame:
    """A few hundred cards of the public catalogue."""
    return work.table("products").sort_values("product_id").head(CARDS).reset_index(drop=True)


def _offers(work: Workspace) -> pd.DataFrame:
    """A few offers of the public history."""
    rows = work.table("offers").sort_values("offer_id").head(OFFERS).reset_index(drop=True)
    return rows[["offer_id", "title"]]


def _ask(work: Workspace, cards: pd.DataFrame, offers: pd.DataFrame, k: int = K) -> pd.DataFrame:
    answer = work.call(ASK, cards, offers, k, called=CALLED)
    if not isinstance(answer, pd.DataFrame) or list(answer.columns) != COLUMNS:
        return pd.DataFrame(columns=COLUMNS)
    return answer


def _found(answer: pd.DataFrame) -> dict[int, list[int]]:
    """The cards of each offer, best first."""
    ordered = answer.sort_values(["offer_id", "rank"])
    return {
        int(offer): [int(card) for card in rows["product_id"]]
        for offer, rows in ordered.groupby("offer_id")
    }


def _differ(one: pd.DataFrame, other: pd.DataFrame) -> int:
    """How many offers have other candidates, or in another order."""
    ours, theirs = _found(one), _found(other)
    return sum(ours.get(key) != theirs.get(key) for key in ours.keys() | theirs.keys())


# ------------------------------------------------------------------ form
@check(group="production", points=4, severity="blocker", kind="contract")
def answers_by_contract(work: Workspace) -> None:
    """Four columns, at most k candidates an offer, ranks from 1, scores that do not rise"""
    cards, offers = _cards(work), _offers(work)
    form = work.call(FORM, cards, offers, K, called=CALLED)
    if form["columns"] != COLUMNS:
        absent = [name for name in COLUMNS if name not in form["columns"]]
        fail("other_columns", missing=len(absent))
    for k in (K, 3):
        answer = _ask(work, cards, offers, k)
        _well_formed(answer, cards, offers, k)


def _well_formed(answer: pd.DataFrame, cards: pd.DataFrame, offers: pd.DataFrame, k: int) -> None:
    if not set(answer["offer_id"]) <= set(offers["offer_id"]):
        fail("unknown_offer")
    if not set(answer["product_id"]) <= set(cards["product_id"]):
        fail("unknown_card")
    if answer.duplicated(["offer_id", "product_id"]).any():
        fail("card_twice", rows=int(answer.duplicated(["offer_id", "product_id"]).sum()))
    sizes = answer.groupby("offer_id").size()
    if answer.empty or sizes.max() > k:
        fail("too_many", most=int(sizes.max()) if len(sizes) else 0, k=k)
    ordered = answer.sort_values(["offer_id", "rank"])
    ranks = ordered.groupby("offer_id").cumcount() + 1
    if (ordered["rank"].to_numpy() != ranks.to_numpy()).any():
        fail("ranks_have_gaps")
    steps = ordered.groupby("offer_id")["score"].diff().fillna(0.0)
    if not np.isfinite(ordered["score"]).all() or (steps > 1e-9).any():
        fail("scores_rise", rows=int((steps > 1e-9).sum()))


# ------------------------------------------------------------------ what must not matter
@check(
    group="tests",
    points=10,
    kind="consistency",
    needs=["finds_hidden_products"],
    phase=Phase.HIDDEN,
)
def batch_does_not_matter(work: Workspace) -> None:
    """Alone or among others, an offer has the same candidates"""
    cards, offers = _cards(work), _offers(work)
    together = _ask(work, cards, offers)
    parts = [offers.iloc[:1], offers.iloc[1:2], offers.iloc[2:]]
    apart = pd.concat([_ask(work, cards, part) for part in parts], ignore_index=True)
    differ = _differ(together, apart)
    if differ:
        fail("depends_on_the_batch", offers=differ, total=len(offers))


@check(
    group="tests", points=8, kind="invariance", needs=["finds_hidden_products"], phase=Phase.HIDDEN
)
def spelling_finds_the_same(work: Workspace) -> None:
    """Capitals and look-alikes of a title change nothing"""
    cards, offers = _cards(work), _offers(work)
    plain = _ask(work, cards, offers)
    cases = {
        "capitals": offers.assign(title=offers["title"].str.upper()),
        "lookalikes": offers.assign(title=[_looks(title) for title in offers["title"]]),
    }
    for case, asked in cases.items():
        differ = _differ(plain, _ask(work, cards, asked))
        if differ:
            fail("depends_on_spelling", case=case, offers=differ, total=len(offers))


def _looks(title: str) -> str:
    """Words that keep a sure Latin letter, with look-alikes instead of the others."""
    sure = set("bdfghijklmnqrstuvwz")

    def turned(word: str) -> str:
        latin = word.isascii() and word.isalpha() and bool(set(word.lower()) & sure)
        return word.translate(LOOKALIKES) if latin else word

    return " ".join(turned(word) for word in title.split(" "))


@check(
    group="tests", points=6, kind="invariance", needs=["finds_hidden_products"], phase=Phase.HIDDEN
)
def order_of_cards_does_not_matter(work: Workspace) -> None:
    """The catalogue in another order gives the same candidates"""
    cards = _cards(work)
    twins = cards.head(TWINS).assign(product_id=cards["product_id"].max() + 1 + np.arange(TWINS))
    cards = pd.concat([cards, twins], ignore_index=True)
    same = pd.DataFrame({"offer_id": np.arange(TWINS), "title": twins["title"]})
    offers = pd.concat([_offers(work), same], ignore_index=True)
    turned = cards.iloc[::-1].reset_index(drop=True)
    differ = _differ(_ask(work, cards, offers), _ask(work, turned, offers))
    if differ:
        fail("depends_on_the_order", offers=differ, total=len(offers))


@check(
    group="tests", points=6, kind="negation", needs=["finds_hidden_products"], phase=Phase.HIDDEN
)
def lives_with_odd_titles(work: Workspace) -> None:
    """An empty title or a foreign word has no candidates, or some, but no exception"""
    cards = _cards(work)
    odd = pd.DataFrame({"offer_id": [1, 2, 3], "title": ["", "!!!", "ъъъ"]})
    answer = work.call(ASK, cards, odd, K, called=CALLED)
    if not isinstance(answer, pd.DataFrame) or list(answer.columns) != COLUMNS:
        fail("odd_titles_break")
    if len(answer) > K * len(odd) or not np.isfinite(answer["score"].astype(float)).all():
        fail("odd_titles_break")
    twice = pd.concat([cards.head(3), cards.head(1)], ignore_index=True)
    if work.call(REFUSAL, twice, called="Blocker.fit") is None:
        fail("card_twice_accepted")


# ------------------------------------------------------------------ tidy
@check(group="tests", points=4, severity="minor", kind="contract", needs=["answers_by_contract"])
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run and pass, and some of them are about candidates"""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    if not any("Blocker" in work.text(path) for path in work.matching("tests/*.py")):
        fail("no_test_of_candidates")


def _after_it_finds(library: Check) -> Check:
    """First right, then tidy."""
    return replace(library, phase=Phase.PUBLIC, needs=("answers_by_contract",))


secrets = production.no_secrets(points=0)
tidy = _after_it_finds(production.lint(points=3))
typed = _after_it_finds(production.annotated(points=2))
told = _after_it_finds(production.documented(points=2))
