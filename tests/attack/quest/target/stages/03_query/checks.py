"""A query of the learner's, run by chDB in a room."""

from graders import Workspace, check, fail

QUERY = "sql/answer.sql"


@check(group="metrics", points=50)
def sums(work: Workspace) -> None:
    """The query gives every pair its sum"""
    found = work.sql(QUERY).frame
    pairs = work.table("pairs")
    expected = dict(zip(pairs["id"], pairs["a"] + pairs["b"]))
    if set(found.columns) != {"id", "total"} or dict(zip(found["id"], found["total"])) != expected:
        fail("differs")
