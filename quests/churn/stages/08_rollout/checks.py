"""What anybody can check at home: a plan that can be read, a policy that can be built."""

from dataclasses import replace

from graders import Check, Phase, Workspace, check, documents, fail, production
from graders.rollout import read_plan

PLAN = "experiment.json"


@check(group="production", points=0, severity="blocker", kind="contract")
def has_a_plan(work: Workspace) -> None:
    """`experiment.json` says before the experiment what will be measured, on whom, how long."""
    read_plan(work, PLAN)


@check(group="production", points=0, severity="blocker", kind="contract", phase=Phase.TRAIN)
def builds_a_policy(work: Workspace) -> None:
    """`python -m churn.policy --out DIR` ends well and leaves `policy`."""
    work.train("python", "-m", "churn.policy", "--out", "/artifacts")
    if not any(path == "policy" or path.startswith("policy/") for path in work.rooms.artifacts):
        fail("no_policy")


@check(
    group="tests",
    points=3,
    kind="contract",
    needs=["builds_a_policy", "answers_every_renewal"],
    phase=Phase.ROLLOUT,
)
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run, and some of them are about the decision."""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    if not any("decide_launch" in work.text(path) for path in work.matching("tests/test_*.py")):
        fail("no_test_of_the_decision")


def _of_the_policy(library: Check) -> Check:
    """First right, then tidy."""
    return replace(library, phase=Phase.TRAIN, needs=("builds_a_policy",))


first = documents.leads(points=5)
sure = documents.interval(points=3)
plain = documents.plain(points=3)
whole = documents.complete(points=3)
aloud = documents.readable()
secrets = production.no_secrets(points=0)
tidy = _of_the_policy(production.lint(points=2))
told = _of_the_policy(production.documented(points=1))
