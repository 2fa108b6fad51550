"""Experiment tracking with MLflow: runs, params, metrics and model are really logged.

    from graders import tracking

    tracked = tracking.logged("churn", params=["seed"], metrics=["roc_auc"], points=6)
    honest = tracking.holds("churn", "roc_auc", measured_auc, within=0.03, points=5)
    same = tracking.agrees_with_file("churn", ["roc_auc"], points=2)

A training writes its store among the artefacts: ``sqlite:////artifacts/mlflow.db``, with an
experiment whose artefacts lie below ``/artifacts`` too. MLflow itself is never asked: the SQLite
file and each MLmodel are read as data, in a room of a parser (`graders.parsing`).

What can be forged: a store that is written by hand looks like one that MLflow wrote, times and
all. What cannot: a number that the judge does not find, a model that has no files, a store that
came with the project instead of from the training.
"""

from graders.tracking.runs import agrees_with_file, holds, logged
from graders.tracking.store import Model, Run, Store, read_store

__all__ = ["Model", "Run", "Store", "agrees_with_file", "holds", "logged", "read_store"]
