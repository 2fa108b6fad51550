"""What anybody can check at home: the contract, the order of rows, and the direction."""

from graders import Workspace, check, fail, production
from graders.metrics import as_values

RISK = "new_quest.rule:risk"
KM = [5.0, 18.0, 40.0, 75.0]
KG = [2.0, 30.0, 1.0, 12.0]


@check(group="production", points=20, severity="blocker", kind="contract")
def answers_by_contract(work: Workspace) -> None:
    """One number from 0 to 1 a parcel; no parcels give an empty list"""
    as_values(work.call(RISK, KM, KG), rows=len(KM), name="risk", low=0, high=1)
    nothing = work.call(RISK, [], [])
    if nothing != []:
        fail("something_of_nothing", found=type(nothing).__name__)


@check(group="tests", points=15, kind="invariance", needs=[answers_by_contract])
def order_is_no_matter(work: Workspace) -> None:
    """The same parcels in another order have the same risks"""
    there = as_values(work.call(RISK, KM, KG), rows=len(KM))
    back = as_values(work.call(RISK, KM[::-1], KG[::-1]), rows=len(KM))
    changed = int((abs(there - back[::-1]) > 1e-9).sum())
    if changed:
        fail("another_order", changed=changed, total=len(KM))


@check(group="tests", points=15, kind="directional", needs=[answers_by_contract])
def farther_is_riskier(work: Workspace) -> None:
    """With one weight, more kilometres mean more risk"""
    near, far = as_values(work.call(RISK, [10.0, 60.0], [8.0, 8.0]), rows=2)
    if far <= near:
        fail("does_not_rise", near=near, far=far)


tidy = production.lint(points=3)
told = production.documented(points=2)
secrets = production.no_secrets(points=0)
