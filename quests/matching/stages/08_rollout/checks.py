"""What anybody can check at home: a plan that can be read, a model that can be trained."""

from dataclasses import replace

from graders import Check, Phase, Workspace, check, fail, production
from graders.rollout import read_plan

PLAN = "experiment.json"


@check(group="production", points=0, severity="blocker", kind="contract")
def has_a_plan(work: Workspace) -> None:
    """`experiment.json` says before the experiment what will be measured, on whom, how long."""
    read_plan(work, PLAN)


@check(group="production", points=0, severity="blocker", kind="contract", phase=Phase.TRAIN)
def trains_for_the_policy(work: Workspace) -> None:
    """`python -m matching.train --out DIR` ends well and leaves `model`."""
    work.train("python", "-m", "matching.train", "--out", "/artifacts")
    if not any(path == "model" or path.startswith("model/") for path in work.rooms.artifacts):
        fail("no_model")


@check(
    group="tests",
    points=4,
    kind="contract",
    needs=["trains_for_the_policy", "answers_every_offer"],
    phase=Phase.ROLLOUT,
)
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run, and some of them are about the policy."""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    if not any("MatchPolicy" in work.text(path) for path in work.matching("tests/test_*.py")):
        fail("no_test_of_the_policy")


def _of_the_policy(library: Check) -> Check:
    """First right, then tidy."""
    return replace(library, phase=Phase.TRAIN, needs=("trains_for_the_policy",))


secrets = production.no_secrets(points=0)
tidy = _of_the_policy(production.lint(points=2))
told = _of_the_policy(production.documented(points=1))
