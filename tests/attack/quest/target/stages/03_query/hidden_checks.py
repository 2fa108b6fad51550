"""The same query over pairs that nobody has seen."""

from graders import Workspace, check, fail

QUERY = "sql/answer.sql"
COLUMNS = ["id", "total"]


@check(group="metrics", points=50, needs=["sums"])
def sums_later(work: Workspace) -> None:
    """The query gives hidden pairs their sums"""
    found = work.sql(QUERY, data="later").frame
    pairs = work.hidden("pairs", data="later")
    pairs = pairs.assign(total=pairs["a"] + pairs["b"])
    if list(found.columns) != COLUMNS or found.to_dict("list") != pairs[COLUMNS].to_dict("list"):
        fail("differs")
