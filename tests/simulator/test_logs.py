"""A line of the log has the ids it belongs to, and never what a learner wrote."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest

from simulator import logs
from simulator.attempts import tracing
from simulator.attempts.claiming import Claim

CANARY = "the-learners-own-words"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a logger of the site writes, as machines read it."""
    handler = logging.StreamHandler(io.StringIO())
    made = logs.configuration("json")["formatters"]["event"]
    handler.setFormatter(made["()"](**{k: v for k, v in made.items() if k != "()"}))
    logger = logging.getLogger("simulator.test")
    logger.addHandler(handler)
    logger.propagate = False
    yield handler.stream
    logger.removeHandler(handler)
    logger.propagate = True


def test_every_line_says_which_grading_it_belongs_to(lines: io.StringIO) -> None:
    with tracing.of(Claim(grading_id=12, fence=3)):
        logging.getLogger("simulator.test").warning("the %s fell", "room")
    logging.getLogger("simulator.test").warning("outside")
    inside, outside = map(json.loads, lines.getvalue().splitlines())
    assert (inside["grading"], inside["fence"], inside["event"]) == (12, 3, "the room fell")
    assert inside["level"] == "warning"
    assert "grading" not in outside


def test_an_exceptions_text_is_not_logged(lines: io.StringIO) -> None:
    try:
        int(CANARY)
    except ValueError:
        logging.getLogger("simulator.test").exception("it fell down")
    (line,) = lines.getvalue().splitlines()
    assert CANARY not in line
    told = json.loads(line)
    assert told["exception"] == "ValueError"
    assert told["at"].startswith("tests/simulator/test_logs.py:")
    assert "\n" not in told["at"]


def test_a_line_is_one_line(lines: io.StringIO) -> None:
    """WEB-15: a name with line ends forges no second line."""
    logging.getLogger("simulator.test").warning("a file called %s", "x\r\nERROR forged\x1b[2J")
    (line,) = lines.getvalue().splitlines()
    assert "\x1b" not in line
    assert "ERROR forged" in json.loads(line)["event"]


def test_people_read_a_line_with_the_same_facts() -> None:
    event = {"level": "info", "logger": "a", "event": "done", "grading": 7, "timestamp": "now"}
    assert logs.as_line(logging.getLogger(), "info", event) == "INFO a: done grading=7"
