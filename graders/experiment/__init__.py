"""Experiments, judged by Monte Carlo: a learner's split, sample size and analysis.

    from graders import experiment

    fair = experiment.split_is_fair(target="abkit.split:assign", points=5)
    steady = experiment.split_is_steady(target="abkit.split:assign", points=5)
    anew = experiment.split_reshuffles(target="abkit.split:assign", points=3)
    size = experiment.sample_size_by_hand(target="abkit.power:sample_size", points=5)
    alarms = experiment.false_alarms(target="abkit.tests:welch", points=8)
    power = experiment.finds_effects(target="abkit.tests:welch", points=8)
    unit = experiment.unit_of_analysis(target="abkit.tests:delta_ratio", points=8)
    peeks = experiment.early_looks(target="abkit.guards:decide", points=8)

A function is called in a room with arrays, for some thousand simulated experiments in one
crossing (``graders/inside/experimenting.py``); where its signature is another, `target` is a
function of the quest's driver. The judge draws the experiments, A/A and A/B mixed, by the seed of
the attempt, and holds the answers against its own analysis of the same data. The checks stand in
the public phase and the metrics group; their texts are in ``graders/messages/experiment.yaml``.
"""

from graders.experiment.analysis import (
    early_looks,
    false_alarms,
    finds_effects,
    honest_intervals,
    sample_size_by_hand,
    unit_of_analysis,
    variance_reduction,
)
from graders.experiment.split import split_is_fair, split_is_steady, split_reshuffles
from graders.experiment.worlds import Law

__all__ = [
    "Law",
    "early_looks",
    "false_alarms",
    "finds_effects",
    "honest_intervals",
    "sample_size_by_hand",
    "split_is_fair",
    "split_is_steady",
    "split_reshuffles",
    "unit_of_analysis",
    "variance_reduction",
]
