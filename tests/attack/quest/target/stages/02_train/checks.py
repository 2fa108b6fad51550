"""A command of the learner's leaves artefacts; the judge reads one of them as plain data."""

import csv
import io
import math

from graders import Phase, Workspace, check, fail

PREDICTIONS = "predictions.csv"
MOST_BYTES = 100_000


@check(group="metrics", points=30, severity="blocker", phase=Phase.TRAIN)
def trains(work: Workspace) -> None:
    """The command ends well, and what it leaves can be collected"""
    work.train("python", "-m", "app.train")


@check(group="metrics", points=30, phase=Phase.TRAIN, needs=[trains], kind="contract")
def keeps_the_contract(work: Workspace) -> None:
    """One finite score an id, for every public pair"""
    content = work.artifact(PREDICTIONS, max_bytes=MOST_BYTES)
    scores = _scores(content)
    wanted = {int(i) for i in work.table("pairs")["id"]}
    if scores.keys() != wanted:
        fail("ids_differ", expected=len(wanted), found=len(scores))


def _scores(content: bytes) -> dict[int, float]:
    """Plain rows ``id,score``; whatever is anything else breaks a rule of the contract."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        fail("rule_broken", rule="utf-8")
    if "\0" in text:
        fail("rule_broken", rule="no-zero-bytes")
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error:
        fail("rule_broken", rule="csv")
    if rows[:1] != [["id", "score"]] or any(len(row) != 2 for row in rows):
        fail("rule_broken", rule="two-columns")
    return _numbers(rows[1:])


def _numbers(rows: list[list[str]]) -> dict[int, float]:
    found: dict[int, float] = {}
    for name, score in rows:
        try:
            number, value = int(name), float(score)
        except ValueError:
            fail("rule_broken", rule="numbers")
        if not math.isfinite(value) or number in found:
            fail("rule_broken", rule="finite-and-once")
        found[number] = value
    return found
