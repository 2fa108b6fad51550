"""What stays with the judge: a month that nobody has seen."""

from graders import Workspace, check, fail, praise
from graders.checking import Praise
from graders.metrics import as_values, ladder, roc_auc, share_between


@check(group="metrics", points=45, kind="metric", needs=["answers_by_contract"])
def finds_the_late(work: Workspace) -> Praise:
    """ROC-AUC on the hidden month"""
    parcels = work.hidden("parcels", data="later").sort_values("parcel_id")
    late = work.truth("outcomes").sort_values("parcel_id")["late"]
    answer = work.call("new_quest.rule:risk", parcels["km"], parcels["kg"], data="later")
    value = roc_auc(late, as_values(answer, rows=len(parcels), low=0, high=1))
    baseline, target = work.number("rule.roc_auc.baseline"), work.number("rule.roc_auc.target")
    share = share_between(value, baseline=baseline, target=target)
    if share < 1:
        shown = ladder(value, step=0.01)
        fail("ranks_in_between", share=share, value=shown, baseline=baseline, target=target)
    return praise("ranks_well", target=target)
