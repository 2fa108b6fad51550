"""What the tests of pages share: browsers of three people, and graded attempts."""

from collections.abc import Callable

import pytest
from django.test import Client

from simulator.accounts.models import User
from simulator.attempts.claiming import claim
from simulator.attempts.delivering import Judge, deliver
from simulator.attempts.models import Attempt
from simulator.attempts.reading import latest_grading
from tests.fakes import FakeSandbox
from tests.simulator.conftest import HandIn
from tests.simulator.judges import saying

Grade = Callable[..., Attempt]


def browser_of(user: User | None) -> Client:
    """A browser without scripts, in which someone is signed in."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def browser(owner: User) -> Client:
    return browser_of(owner)


@pytest.fixture
def graded(hand_in: HandIn) -> Grade:
    """Hand in and grade at once; the judge finds what it is told to."""

    def run(judge: Judge | None = None, **facts: object) -> Attempt:
        attempt = hand_in(**facts)
        won = claim(latest_grading(attempt).pk)
        assert won is not None
        deliver(won, judge=judge or saying(), sandbox=FakeSandbox())
        return attempt

    return run
