"""A command of the learner's leaves artefacts; the judge has them read in a room of its own."""

from graders import Phase, Workspace, check, fail

PREDICTIONS = "predictions.csv"
COLUMNAR = "predictions.parquet"  # instead, where there is one
METRICS = "metrics.json"  # as well, where there is one
NOTES = "notes.ipynb"  # of the project, where there is one
COLUMNS = {"id": int, "score": float}
MOST_BYTES = 100_000


@check(group="metrics", points=30, severity="blocker", phase=Phase.TRAIN)
def trains(work: Workspace) -> None:
    """The command ends well, and what it leaves can be collected"""
    work.train("python", "-m", "app.train")


@check(group="metrics", points=30, phase=Phase.TRAIN, needs=[trains], kind="contract")
def keeps_the_contract(work: Workspace) -> None:
    """One finite score an id, for every public pair; numbers and notes are what they are called"""
    read, path = work.csv, PREDICTIONS
    if COLUMNAR in work.rooms.artifacts:
        read, path = work.arrow, COLUMNAR
    scores = read(path, columns=COLUMNS, key="id", max_bytes=MOST_BYTES)
    if METRICS in work.rooms.artifacts and not isinstance(work.json(METRICS), dict):
        fail("metrics_differ")
    if NOTES in work.files:
        work.notebook(NOTES)
    wanted = set(work.table("pairs")["id"])
    if set(scores["id"]) != wanted:
        fail("ids_differ", expected=len(wanted), found=len(scores))
