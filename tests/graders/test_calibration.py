"""Calibration: spreads, orderings, thresholds that follow by rule, and proposals as a diff."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from graders.calibration import (
    Calibration,
    Ordering,
    Spread,
    Tree,
    lenient,
    pass_and_merit,
    span,
    summed,
    up,
)
from graders.loading import load_quest
from graders.workshop import measuring
from graders.workshop.calibrating import Proposal, Used, needed, proposals, with_gates
from tests.graders.small_quest import QUEST_YAML, write_quest

CALIBRATE = """
from graders.calibration import Calibration, Ordering, Spread, pass_and_merit

WORTH = {{"constant": 0.5, "simple": {simple}, "reference": 0.8, "oracle": 0.9}}


def learn(scale):
    return WORTH


def judge(learned, key, scale):
    noise = key[0] / 25_500  # up to 0.01, and the same for everybody
    return {{"auc": {{name: value + noise for name, value in learned.items()}}}}


def thresholds(measured):
    auc = {{name: Spread.read(found) for name, found in measured["tiny"]["auc"].items()}}
    numbers = pass_and_merit(auc["reference"], [auc["constant"]], auc["simple"])
    return {{"gates": {{"roc_auc": numbers | {{"how": "by rule"}}}}}}


CALIBRATION = Calibration(
    learn=learn,
    judge=judge,
    thresholds=thresholds,
    orderings=(Ordering("auc", ("constant", "simple", "reference", "oracle"), margin=2.0),),
    scales=("tiny",),
    draws=5,
    packages=("numpy",),
)
"""


def spread(mean: float, sd: float = 0.01, draws: int = 12) -> Spread:
    return Spread(mean=mean, sd=sd, min=round(mean - 2 * sd, 4), max=round(mean + 2 * sd, 4))


def test_equal_trees_become_one_of_spreads() -> None:
    found = summed([{"auc": {"lr": 0.7}, "n": 10}, {"auc": {"lr": 0.8}, "n": 10}])
    assert found["auc"]["lr"] == {"mean": 0.75, "sd": 0.0707, "min": 0.7, "max": 0.8}
    assert found["n"] == {"mean": 10.0, "sd": 0.0, "min": 10.0, "max": 10.0}


@pytest.mark.parametrize(
    ("solutions", "higher", "margin", "broken"),
    [
        (("poor", "good", "best"), True, 0.0, []),
        (("good", "poor", "best"), True, 0.0, ["poor"]),
        (("best", "good", "poor"), False, 0.0, []),
        (("poor", "good", "best"), True, 3.0, ["best"]),  # 0.01 apart, and luck is as large
    ],
)
def test_an_order_that_does_not_hold_is_named(
    *, solutions: tuple[str, ...], higher: bool, margin: float, broken: Sequence[str]
) -> None:
    measured = {
        "auc": {
            "poor": vars(spread(0.5)),
            "good": vars(spread(0.70, 0.02)),
            "best": vars(spread(0.71, 0.02)),
        }
    }
    found = Ordering("auc", solutions, higher, margin).problems(measured, draws=4)
    assert [line.split()[1] for line in found] == list(broken)


def test_points_begin_half_way_and_are_full_where_every_draw_reaches_them() -> None:
    found = span(
        spread(0.741, 0.0043), spread(0.717), [spread(0.5), spread(0.654)],
        higher=True, spare=3, step=0.005,
    )  # fmt: skip
    assert found == {"baseline": 0.685, "target": 0.725}


def test_where_less_is_better_the_same_rule_turns_round() -> None:
    found = span(
        spread(0.4408, 0.0035), spread(0.456), [spread(0.503), spread(0.627)],
        higher=False, spare=3, step=0.005,
    )  # fmt: skip
    assert found == {"baseline": 0.48, "target": 0.455}


def test_pass_lies_above_what_must_fail_and_below_what_is_acceptable() -> None:
    found = pass_and_merit(spread(0.468), [spread(0.05), spread(0.239, 0.02)], spread(0.343))
    assert found == {"pass": 0.32, "merit": 0.45}
    assert found["pass"] < spread(0.343).min


@pytest.mark.parametrize(
    ("reference", "must_fail", "said"),
    [
        (spread(0.30, 0.01), spread(0.29, 0.02), "not clear of what must fail"),
        (spread(0.40, 0.10), spread(0.30, 0.01), "the reference fails on some draw"),
        (spread(0.40, 0.005), spread(0.30, 0.045), "what must fail passes on some draw"),
    ],
)
def test_where_no_threshold_does_none_is_made_up(
    reference: Spread, must_fail: Spread, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        pass_and_merit(reference, [must_fail], reference)


def test_numbers_are_rounded_away_from_better() -> None:
    assert lenient(0.7281, 0.005) == 0.725
    assert lenient(-0.4513, 0.005) == 0.455
    assert lenient(0.725, 0.005) == 0.725
    assert up(0.0712, 0.01) == 0.08
    assert up(0.07, 0.01) == 0.07


# ------------------------------------------------------------------ the common procedure
def declared(folder: Path, simple: float = 0.7) -> Path:
    place = write_quest(folder)
    (place / "calibrate.py").write_text(CALIBRATE.format(simple=simple))
    return place


def test_a_quest_says_what_is_measured_and_the_procedure_does_the_rest(tmp_path: Path) -> None:
    out = tmp_path / "calibration.json"
    assert measuring.main([str(declared(tmp_path)), "--out", str(out)]) == 0
    report = json.loads(out.read_text())
    assert list(report) == ["how", "versions", "gates", "measured"]
    assert set(report["versions"]) == {"python", "numpy"}
    assert report["measured"]["tiny"]["auc"]["reference"]["sd"] > 0
    again = tmp_path / "again.json"
    assert measuring.main([str(tmp_path / "small"), "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()


def test_where_an_order_does_not_hold_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "calibration.json"
    assert measuring.main([str(declared(tmp_path, simple=0.8)), "--out", str(out)]) == 1
    assert "! tiny: auc: reference" in capsys.readouterr().out
    assert not out.exists()


def test_a_quest_without_a_declaration_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(write_quest(tmp_path)), "--out", str(tmp_path / "x")]
    assert measuring.main(words) == 2
    assert "calibrate.py is missing" in capsys.readouterr().out
    (tmp_path / "small" / "calibrate.py").write_text("CALIBRATE = 1\n")
    assert measuring.main(words) == 2
    assert "declares no CALIBRATION" in capsys.readouterr().out


def test_draws_are_the_same_on_every_machine() -> None:
    assert measuring.draw_key(0).hex()[:16] == "eee3093a8bca263c"
    assert len({measuring.draw_key(draw) for draw in range(12)}) == 12


def test_small_scales_may_hold_to_a_weaker_order() -> None:
    def judge(_: object, key: bytes, scale: str) -> Tree:
        return {"auc": {"a": 0.5, "b": 0.6 if scale == "large" else 0.4, "c": 0.7}}

    given = Calibration(
        learn=lambda scale: scale,
        judge=judge,
        thresholds=lambda measured: {},
        orderings=(Ordering("auc", ("a", "b", "c")),),
        small_orderings=(Ordering("auc", ("a", "c")),),
        scales=("large", "small"),
        packages=(),
    )
    _, problems = measuring.measure(given, scales=("large", "small"), draws=2, say=print)
    assert problems == []


# ------------------------------------------------------------------ proposals
IN_A_LINE = "gates:\n  - {check: is_right, metric: roc_auc, pass: 0.7, merit: 0.8}  # measured\n"
IN_A_BLOCK = """\
gates:
  - check: other
    metric: log_loss
    pass: 0.5
    merit: 0.4
  - check: is_right
    metric: roc_auc
    merit: 0.8
    pass: 0.7
"""


def test_gates_are_changed_in_their_place_and_comments_stay() -> None:
    found = with_gates(IN_A_LINE, {"roc_auc": (0.65, 0.75)})
    assert found == IN_A_LINE.replace("0.7,", "0.65,").replace("0.8}", "0.75}")
    found = with_gates(IN_A_BLOCK, {"roc_auc": (0.65, 0.75)})
    assert found == IN_A_BLOCK.replace("pass: 0.7\n", "pass: 0.65\n").replace("0.8", "0.75")


def test_what_differs_is_proposed_as_a_diff_and_written_when_asked(tmp_path: Path) -> None:
    quest = load_quest(declared(tmp_path))
    report = json.dumps({"gates": {"roc_auc": {"pass": 0.6, "merit": 0.75}}}) + "\n"
    found = {one.path.name: one for one in proposals(quest, report)}
    assert set(found) == {"calibration.json", "quest.yaml"}
    assert [line for line in found["quest.yaml"].diff if line.startswith(("-", "+"))][2:] == [
        "-  - {check: is_right, metric: roc_auc, pass: 0.7, merit: 0.8}",
        "+  - {check: is_right, metric: roc_auc, pass: 0.6, merit: 0.75}",
    ]
    for proposal in found.values():
        proposal.write()
    assert load_quest(quest.folder).gates[0].pass_ == 0.6
    assert proposals(load_quest(quest.folder), report) == []


def test_limits_that_are_too_tight_are_raised_and_roomy_ones_stay(tmp_path: Path) -> None:
    limited = QUEST_YAML.replace(
        "tables:", "limits: {cpu_seconds: 120, wall_seconds: 60, memory_mb: 512}\ntables:"
    )
    quest = load_quest(write_quest(tmp_path, quest=limited))
    used = [Used(stage="model", wall_seconds=41.0, cpu_seconds=20.0, memory_mb=430.0)]
    assert needed(used[0]) == {"wall_seconds": 90, "cpu_seconds": 40, "memory_mb": 768}
    (found,) = proposals(quest, "", used)
    assert isinstance(found, Proposal)
    assert "limits: {cpu_seconds: 120, wall_seconds: 90, memory_mb: 768}" in found.after


@pytest.mark.parametrize(
    ("limits", "after"),
    [
        ("", "limits: {wall_seconds: 400}\n"),
        ("limits: {cpu_seconds: 900}\n", "limits: {wall_seconds: 400, cpu_seconds: 900}\n"),
        ("limits:\n  cpu_seconds: 900\n", "limits:\n  wall_seconds: 400\n  cpu_seconds: 900\n"),
        (
            "limits:\n  cpu_seconds: 900\n  wall_seconds: 60  # a minute\n",
            "limits:\n  cpu_seconds: 900\n  wall_seconds: 400  # a minute\n",
        ),
    ],
)
def test_a_limit_is_raised_however_quest_yaml_states_it(
    limits: str, after: str, tmp_path: Path
) -> None:
    quest = load_quest(
        write_quest(tmp_path, quest=QUEST_YAML.replace("stages:", f"{limits}stages:", 1))
    )
    used = [Used(stage="model", wall_seconds=200.0, cpu_seconds=20.0, memory_mb=430.0)]
    (found,) = proposals(quest, "", used)
    found.write()
    assert after in found.after
    assert load_quest(quest.folder).limits.wall_seconds == 400
