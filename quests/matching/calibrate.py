"""What `sim calibrate quests/matching` measures, and how the thresholds follow from it.

Everybody learns from the same public market; installations differ in their hidden offers and in
the families that are new. Each solution is trained once on the public data and judged on several
hidden draws as the stages judge. Every threshold follows from what was measured by a rule written
here or in `graders.calibration`; none is chosen by hand.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from graders.calibration import (
    Calibration,
    Ordering,
    Spread,
    Tree,
    beside,
    lenient,
    pass_and_merit,
    told,
    up,
)

NAMED = ("text", "blocking", "pairs", "train", "model", "money", "policy")
MATCH = 2  # the world's code of the first card
PARTS = ("capacity", "color", "suffix", "accessory")
MUST_FAIL = ("f1_threshold", "half", "barcode_first", "sure_of_training")
Floats = npt.NDArray[np.float64]
Decide = Callable[[pd.DataFrame], Any]  # an answer of the policy -> actions


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What the public data teach."""

    data: ModuleType
    world: ModuleType
    own: Mapping[str, ModuleType]  # the reference's modules
    model: Any
    overfit: Any  # the same, calibrated on the rows it was trained on
    promised: Any
    rows: Mapping[str, int]


def _learn(scale: str) -> Learned:
    data, world = beside(__file__, "data"), beside(__file__, "world")
    own = {name: importlib.import_module(f"matching.{name}") for name in NAMED}
    tables = data.public_frames(data.PUBLIC_SEED, scale)
    products = _known(tables["products"])
    labels = tables["match_labels"].rename(columns={"product_id": "truth"})
    offers = _known(labels[labels.source == 1].merge(tables["offers"], on="offer_id"))
    offers = offers.sort_values(["created_at", "offer_id"], ascending=[False, True])
    offers = offers.head(own["train"].OFFERS)
    blocker = own["blocking"].Blocker().fit(products)
    pairs = own["train"].labelled_pairs(offers, products, blocker.candidates(offers))
    return Learned(
        data=data,
        world=world,
        own=own,
        model=own["train"].fit(pairs, 0),
        overfit=_overfit(own, pairs),
        promised=own["train"].evaluate(pairs, 0),
        rows={"offers": len(offers), "pairs": len(pairs)},
    )


def _known(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(ean=frame["ean"].astype(float))


def _overfit(own: Mapping[str, ModuleType], pairs: pd.DataFrame) -> Any:  # noqa: ANN401 - theirs
    """The wrong turn of many: trees without a limit, set right on the rows they know by heart."""
    isotonic = importlib.import_module("sklearn.isotonic").IsotonicRegression
    forest = importlib.import_module("sklearn.ensemble").RandomForestClassifier
    names = own["pairs"].FEATURES
    trees = forest(n_estimators=40, random_state=0, n_jobs=2).fit(pairs[names], pairs["y"])
    curve = isotonic(out_of_bounds="clip").fit(
        trees.predict_proba(pairs[names])[:, 1], pairs["y"].astype(float)
    )

    class Overfit:
        def predict_proba(self, rows: pd.DataFrame) -> Floats:
            chances = trees.predict_proba(rows[names])[:, 1]
            return np.asarray(curve.predict(chances), dtype=np.float64)

    return Overfit()


# ------------------------------------------------------------------ judging
def _judge(learned: Learned, key: bytes, scale: str) -> Tree:
    """Judge every solution on the hidden offers of one draw."""
    hidden = learned.data.hidden(key, scale)
    truth = {name: _read(batches) for name, batches in hidden.truth.items()}
    shown = {name: _known(_read(b)) for name, b in hidden.datasets["hidden"].items()}
    rows = truth["offers"].merge(shown["offers"], on="offer_id")
    blocker = learned.own["blocking"].Blocker().fit(shown["products"])
    candidates = blocker.candidates(rows)
    found = {
        "words": _words(learned, rows),
        "recall": _recall(shown["products"], rows, candidates),
        "pairs": _pairs(learned, shown["products"], rows, candidates),
    }
    world = learned.world.open_world(lambda name: truth[name])
    return found | {"rollout": _rolled_out(learned, world, shown["products"], blocker)}


def _read(batches: Any) -> pd.DataFrame:  # noqa: ANN401 - record batches
    return pa.Table.from_batches(list(batches)).to_pandas()


def _words(learned: Learned, rows: pd.DataFrame) -> Tree:
    """The share of titles of which each part is read as meant."""
    said = [learned.own["text"].extract_attrs(title) for title in rows["title"]]
    plain = [_plainly(title) for title in rows["title"]]
    return {
        part: {"plain": _right(plain, rows)[part], "reference": _right(said, rows)[part]}
        for part in PARTS
    }


def _plainly(title: str) -> Mapping[str, Any]:
    """What somebody reads who looks for the cards' own words only."""
    words = title.lower().split()
    sizes = [word for word in words if word[:-2].isdigit() and word[-2:] in ("gb", "in", "ml")]
    colours = importlib.import_module("matching.words").VARIANTS
    suffixes = importlib.import_module("matching.words").SUFFIXES
    return {
        "capacity": (float(sizes[0][:-2]), sizes[0][-2:]) if sizes else None,
        "color": next((word for word in words if word in colours), None),
        "suffix": next((word for word in words if word in suffixes), None),
        "accessory": "case" in words or "чехол" in words,
    }


def _right(said: Sequence[Mapping[str, Any]], rows: pd.DataFrame) -> dict[str, float]:
    everybody = np.ones(len(rows), dtype=np.bool_)
    capacity = np.array([one["capacity"][0] if one["capacity"] else -1.0 for one in said])
    among = {"capacity": rows["sized"].to_numpy(), "color": rows["coloured"].to_numpy()}
    right = {
        "capacity": capacity == rows["capacity"].to_numpy(float),
        "color": np.array([one["color"] or "" for one in said]) == rows["variant"].to_numpy(),
        "suffix": np.array([one["suffix"] or "" for one in said]) == rows["suffix"].to_numpy(),
        "accessory": np.array([one["accessory"] for one in said]) == rows["accessory"].to_numpy(),
    }
    return {part: float(right[part][among.get(part, everybody)].mean()) for part in PARTS}


def _recall(products: pd.DataFrame, rows: pd.DataFrame, candidates: pd.DataFrame) -> Tree:
    """How often the right card is among the first one, five, ten candidates."""
    found: Tree = {"1": {}, "5": {}, "10": {}}
    for name, some in {"raw": _raw_candidates(products, rows), "reference": candidates}.items():
        right = some.merge(rows[["offer_id", "product_id"]], on=["offer_id", "product_id"])
        exists = int((rows["product_id"] >= 0).sum())
        for k in (1, 5, 10):
            found[str(k)][name] = float((right["rank"] <= k).sum() / exists)
    return found


def _raw_candidates(products: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Candidates by whole words of titles as they were typed."""
    vectorizer = importlib.import_module("sklearn.feature_extraction.text").TfidfVectorizer()
    cards = vectorizer.fit_transform(products["title"])
    scores = (vectorizer.transform(rows["title"]) @ cards.T).tocsr()
    parts = []
    ids = products["product_id"].to_numpy()
    for at, offer in enumerate(rows["offer_id"]):
        row = scores[at]
        best = np.argsort(-row.data, kind="stable")[:10]
        parts += [(offer, ids[row.indices[n]], rank) for rank, n in enumerate(best, start=1)]
    return pd.DataFrame(parts, columns=["offer_id", "product_id", "rank"])


def _pairs(
    learned: Learned, products: pd.DataFrame, rows: pd.DataFrame, candidates: pd.DataFrame
) -> Tree:
    """F1 at its best threshold, and calibration of the best candidate, on hidden offers."""
    train = learned.own["train"]
    offers = rows.rename(columns={"product_id": "truth"})
    pairs = train.labelled_pairs(offers, products, candidates)
    found: Tree = {"f1": {}, "ece": {}}
    solutions = {
        "barcode": pairs[pairs["ean_same"] == 1].assign(p=1.0),
        "tfidf": pairs[pairs["rank"] == 1].assign(p=lambda one: one["score"]),
    }
    for name, model in {"sure_of_training": learned.overfit, "reference": learned.model}.items():
        solutions[name] = train.best_of(pairs.assign(p=model.predict_proba(pairs)))
    exists = int((offers["truth"] >= 0).sum())
    for name, best in solutions.items():
        y, p = best["y"].to_numpy(), best["p"].to_numpy(float)
        found["f1"][name] = train.best_f1(p, y, exists)[0]
        found["ece"][name] = train.calibration_error(y.astype(float), p)
    return found


def _rolled_out(
    learned: Learned,
    world: Any,  # noqa: ANN401
    products: pd.DataFrame,
    blocker: Any,  # noqa: ANN401
) -> Tree:
    """Roll every policy out in the world of a draw, exactly: capture and guardrails."""
    weeks = range(world.steps)
    shown = [_known(world.observe(week)) for week in weeks]
    policy = learned.own["policy"].MatchPolicy(blocker, learned.model, products)
    pairs = [
        learned.own["pairs"].pair_features(offers, products, blocker.candidates(offers))
        for offers in shown
    ]
    known = list(zip(shown, pairs, strict=True))
    answers = [policy.answer(offers, one) for offers, one in known]
    careless = learned.own["policy"].MatchPolicy(blocker, learned.overfit, products)
    lists = {name: [turn(one) for one in answers] for name, turn in _turns(learned).items()}
    lists["reference"] = answers
    lists["sure_of_training"] = [careless.answer(offers, one) for offers, one in known]
    coded = {name: [world.codes(one) for one in every] for name, every in lists.items()}
    usual = [world.usual(week) for week in weeks]
    coded["incumbent"] = usual
    coded["barcode_first"] = [
        np.where(rule > 0, rule, ours)
        for rule, ours in zip(usual, coded["reference"], strict=True)
    ]
    promise = {
        name: _promise(world, lists[name], coded[name])
        for name in ("reference", "sure_of_training")
    }
    return _told(world, coded) | {"promise": promise}


def _turns(learned: Learned) -> dict[str, Decide]:
    """Ways to decide from the reference's probabilities that are not the reference's."""

    def above(threshold: float, otherwise: str) -> Decide:
        def turn(answer: pd.DataFrame) -> pd.DataFrame:
            sure = (answer["p_match"] >= threshold) & (answer["product_id"] >= 0)
            return answer.assign(action=np.where(sure, "match", otherwise))

        return turn

    return {
        "f1_threshold": above(learned.promised.threshold, "new"),
        "half": above(0.5, "new"),
        "fixed_band": above(learned.own["money"].match_threshold(), "review"),
    }


def _told(world: Any, coded: Mapping[str, Sequence[Any]]) -> Tree:  # noqa: ANN401
    weeks = range(world.steps)

    def value(actions: Sequence[Any]) -> float:
        return float(np.concatenate([world.worth(n, actions[n]) for n in weeks]).mean())

    simple = [world.simple(week) for week in weeks]
    floor = max(value([one[name] for one in simple]) for name in simple[0])
    floor = max(floor, value([world.usual(week) for week in weeks]))
    best = value([world.best(week) for week in weeks])
    roubles = {name: value(actions) for name, actions in coded.items()}
    counts = {name: _counted(world, actions) for name, actions in coded.items()}
    money = np.concatenate([world.worth(n, coded["incumbent"][n]) for n in weeks])
    return {
        "roubles": roubles | {"review_all": floor, "oracle": best},
        "capture": {name: (one - floor) / (best - floor) for name, one in roubles.items()},
        "sd": {"incumbent": float(money.std(ddof=1))},
        **{
            what: {name: one[what] for name, one in counts.items()}
            for what in ("review", "precision", "duplicates", "matched")
        },
        "no_go": _no_go(world, coded["reference"]),
    }


def _promise(world: Any, answers: Sequence[pd.DataFrame], coded: Sequence[Any]) -> float:  # noqa: ANN401
    """By how much the matches of a policy are surer than right."""
    sure = [actions >= MATCH for actions in coded]
    said = np.concatenate(
        [one["p_match"].to_numpy()[at] for one, at in zip(answers, sure, strict=True)]
    )
    right = np.concatenate([(coded[week] == world.best(week))[at] for week, at in enumerate(sure)])
    return float(said.mean() - right.mean())


def _counted(world: Any, actions: Sequence[Any]) -> dict[str, float]:  # noqa: ANN401
    seen = [world.outcome(week, actions[week]).counts for week in range(world.steps)]
    total = {name: sum(float(one[name].sum()) for one in seen) for name in seen[0]}
    offers = sum(len(one["matched"]) for one in seen)
    return {
        "review": total["reviewed"] / offers,
        "matched": total["matched"] / offers,
        "precision": total["right"] / max(total["matched"], 1.0),
        "duplicates": total["doubled"] / max(total["opened"], 1.0),
    }


def _no_go(world: Any, actions: Sequence[Any]) -> Tree:  # noqa: ANN401
    """What the reference earns over a review, by segment."""
    gains: dict[str, list[float]] = {}
    for week in range(world.steps):
        gain = world.worth(week, actions[week]) - world.worth(week, world.simple(week)["review"])
        for name, inside in world.segments(week).items():
            gains.setdefault(name, []).extend(gain[inside].tolist())
    return {name: float(np.mean(values)) if values else 0.0 for name, values in gains.items()}


# ------------------------------------------------------------------ what is written
def _facts(learned: Learned, found: Sequence[Tree]) -> Tree:
    """What does not differ from draw to draw."""
    del found
    promised = {
        name: float(getattr(learned.promised, name)) for name in ("f1", "threshold", "ece")
    }
    return {"promised": promised, "rows": dict(learned.rows)}


def _thresholds(measured: Mapping[str, Tree]) -> Tree:
    first, *others = measured
    gates = _gates(measured[first], full=True)
    for scale in others:
        small = _gates(measured[scale], full=False)
        for name, tree in small.items():
            gates[name][scale] = tree
    return gates


def _gates(of: Tree, *, full: bool) -> Tree:
    return {
        "words": {part: _from_plain(of["words"][part], "plain", 0.005) for part in PARTS},
        "recall": {
            "first": _from_plain(of["recall"]["1"], "raw", 0.01),
            "ten": _from_plain(of["recall"]["10"], "raw", 0.002),
        },
        "pairs": {
            "f1": _from_plain(of["pairs"]["f1"], "tfidf", 0.01),
            "ece": _calibrated(of["pairs"]["ece"]),
        },
        "capture": _capture(of["rollout"]["capture"], full=full)
        | {"promise": _kept(of["rollout"]["promise"])},
    }


def _from_plain(of: Tree, plain: str, step: float) -> Tree:
    """Begin points halfway from the plain solution to the reference; full four deviations below.

    The baseline keeps three deviations from the target at least.
    """
    best, low = Spread.read(of["reference"]), Spread.read(of[plain])
    target = best.mean - 4 * best.sd
    baseline = min((low.mean + best.mean) / 2, target - max(3 * best.sd, step))
    return {
        "baseline": lenient(max(baseline, 0.0), step),
        "target": lenient(target, step),
        "how": told(of, (plain,)),
    }


def _calibrated(of: Tree) -> Tree:
    """Give full points four deviations above the reference, none halfway to the careless one."""
    best, poor = Spread.read(of["reference"]), Spread.read(of["sure_of_training"])
    target = best.mean + 4 * best.sd
    baseline = max((poor.mean + best.mean) / 2, target + 3 * best.sd)
    return {
        "baseline": lenient(-baseline, 0.001),
        "target": lenient(-target, 0.001),
        "how": told(of, ("sure_of_training",)),
    }


def _capture(of: Tree, *, full: bool) -> Tree:
    """Which capture passes and which has merit, see `graders.calibration.pass_and_merit`.

    Where the world is small only the direction counts: four deviations below the reference.
    """
    reference, wrong = Spread.read(of["reference"]), [Spread.read(of[name]) for name in MUST_FAIL]
    how = told(of, (*MUST_FAIL, "fixed_band", "incumbent"))
    if full:
        gates = pass_and_merit(reference, wrong, Spread.read(of["fixed_band"]))
        return {name: {"value": value, "how": how} for name, value in gates.items()}
    passing = lenient(max(reference.mean - 5 * reference.sd, 0.0), 0.01)
    merit = lenient(max(reference.mean - 4 * reference.sd, passing + 0.01), 0.01)
    return {
        "pass": {"value": passing, "how": how},
        "merit": {"value": merit, "how": how},
    }


def _kept(of: Tree) -> Tree:
    """A promise may be off by four deviations more than the reference's is, at least by 0.01."""
    best = Spread.read(of["reference"])
    most = max(0.01, abs(best.mean) + 4 * best.sd)
    return {"value": up(most, 0.005), "how": told(of, ("sure_of_training",))}


CALIBRATION = Calibration(
    learn=_learn,
    judge=_judge,
    facts=_facts,
    thresholds=_thresholds,
    draws=5,
    orderings=(
        Ordering("recall.10", ("raw", "reference")),
        Ordering("recall.1", ("raw", "reference")),
        *(Ordering(f"words.{part}", ("plain", "reference")) for part in PARTS),
        Ordering("pairs.f1", ("barcode", "tfidf", "reference")),
        Ordering("pairs.ece", ("sure_of_training", "reference"), higher=False),
        Ordering(
            "rollout.roubles", ("f1_threshold", "incumbent", "review_all", "reference", "oracle")
        ),
        Ordering("rollout.roubles", ("half", "fixed_band", "reference")),
        Ordering("rollout.roubles", ("barcode_first", "reference")),
        Ordering("rollout.roubles", ("sure_of_training", "reference")),
    ),
    small_orderings=(  # so few offers: the direction, not the level
        Ordering("recall.10", ("raw", "reference")),
        Ordering("rollout.roubles", ("incumbent", "reference", "oracle")),
    ),
    packages=("numpy", "pandas", "scikit-learn", "lightgbm", "scipy"),
)
