"""A query of the learner's, run by chDB in a room."""

from graders import Workspace, check, fail

QUERY = "sql/answer.sql"
COLUMNS = ["id", "total"]


@check(group="metrics", points=50)
def sums(work: Workspace) -> None:
    """The query gives every pair its sum"""
    found = work.sql(QUERY).frame
    pairs = work.table("pairs").assign(total=lambda rows: rows["a"] + rows["b"])
    if list(found.columns) != COLUMNS or found.to_dict("list") != pairs[COLUMNS].to_dict("list"):
        fail("differs")
