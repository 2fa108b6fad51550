"""What anybody can check at home."""

from graders import Workspace, check, fail
from graders.metrics import as_values

GIVEN = [3.0, -1.5, 0.0]


@check(group="metrics", points=100, severity="blocker", kind="exact")
def new_stage_doubles(work: Workspace) -> None:
    """Every number is doubled, in the order asked"""
    got = as_values(work.call("new_quest.new_stage:double", GIVEN), rows=len(GIVEN))
    for value, found in zip(GIVEN, got, strict=True):
        if abs(found - 2 * value) > 1e-9:
            fail("differs", value=value, found=found, expected=2 * value)
