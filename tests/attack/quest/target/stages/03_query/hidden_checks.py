"""The same query over pairs that nobody has seen."""

from graders import Workspace, check, fail

QUERY = "sql/answer.sql"


@check(group="metrics", points=50, needs=["sums"])
def sums_later(work: Workspace) -> None:
    """The query gives hidden pairs their sums"""
    found = work.sql(QUERY, data="later").frame
    pairs = work.hidden("pairs", data="later")
    expected = dict(zip(pairs["id"], pairs["a"] + pairs["b"]))
    if dict(zip(found["id"], found["total"])) != expected:
        fail("differs")
