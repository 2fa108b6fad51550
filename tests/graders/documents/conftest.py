"""A workspace of the churn quest that holds documents and no code."""

from collections.abc import Callable
from pathlib import Path

import pytest

from graders.checking import Check, Praise
from graders.datasets import Datasets
from graders.failures import Fail
from graders.loading import load_quest
from graders.messages import library_texts
from graders.quest import Quest
from graders.results import Param, Phase
from graders.rooms import Rooms
from graders.workspace import Workspace
from sandbox.interface import Limits
from tests.fakes import FakeSandbox

CHURN = Path(__file__).resolve().parents[3] / "quests" / "churn"

Work = Callable[..., Workspace]


@pytest.fixture(scope="session")
def churn() -> Quest:
    return load_quest(CHURN)


@pytest.fixture
def project(churn: Quest, datasets: Datasets) -> Work:
    """A project of these files, by name without their suffix: ``DESIGN="…"``, ``decision="…"``."""

    def made(**texts: str) -> Workspace:
        suffix = {"decision": ".yaml", "plan": ".yaml"}
        files = {name + suffix.get(name, ".md"): text.encode() for name, text in texts.items()}
        rooms = Rooms(
            sandbox=FakeSandbox(), runtime="python-ml", limits=Limits(), datasets=datasets
        )
        rooms.enter(Phase.STATIC)
        return Workspace(quest=churn, stage=churn.stages[0], files=files, rooms=rooms)

    return made


def verdict(check: Check, work: Workspace) -> tuple[str, dict[str, Param], float]:
    """How a check answers: its reason, params and share. A pass is "passed".

    Whatever it says has a message, and parameters that the message's types take.
    """
    try:
        answer = check(work)
    except Fail as failure:
        return failure.reason, _cleaned(check, failure), failure.share
    if isinstance(answer, Praise):
        return answer.reason, answer.params, 1.0
    assert answer is None
    return "passed", {}, 1.0


def _cleaned(check: Check, failure: Fail) -> dict[str, Param]:
    texts = library_texts()
    reasons = {**texts.reasons, **texts.checks[check.name].reasons}
    types = reasons[failure.reason].types
    assert set(types) <= set(failure.params)
    return {name: kind.clean(failure.params[name]) for name, kind in types.items()}


def reason(check: Check, work: Workspace) -> str:
    return verdict(check, work)[0]
