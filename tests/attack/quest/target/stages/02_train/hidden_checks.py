"""What was trained answers for pairs that nobody has seen."""

from graders import Workspace, check, fail

ENOUGH = 0.95


@check(group="metrics", points=40, severity="major", kind="metric", needs=["trains"])
def predicts_later(work: Workspace) -> None:
    """The trained model tells odd products of hidden pairs"""
    rows = work.hidden("pairs", data="later")
    answers = work.call("app.model:predict", rows, data="later")
    if not isinstance(answers, dict):
        fail("no_answers")
    truth = work.truth("labels")
    right = sum(
        answers.get(str(i)) is bool(odd) for i, odd in zip(truth["id"], truth["odd"], strict=True)
    )
    if not right / len(truth) >= ENOUGH:
        fail("too_few_right")
