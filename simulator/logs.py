"""How the site logs: one line an event, with the ids it belongs to; never what a learner wrote.

An exception's own text may quote a learner, a secret or a row, so it is not logged: of an
exception stay its class and where it was raised.
"""

import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import structlog
from structlog.typing import EventDict, WrappedLogger

ROOT: Final = Path(__file__).resolve().parent.parent
DEEPEST: Final = 20
LONGEST: Final = 2000
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def configuration(form: str) -> dict[str, Any]:
    """The LOGGING setting; `form` is "json" for machines or "line" for people."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_texts,
        capped,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if form == "json" else as_line
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "event": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "event"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            # It would log addresses with their queries.
            "httpx": {"level": "WARNING"},
        },
    }


def without_texts(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace an exception by its class and the places it came through."""
    found = event.pop("exc_info", None)
    record = event.get("_record")
    if not found and record is not None:
        found = record.exc_info
    if record is not None:
        record.exc_info = record.exc_text = None  # else the formatter appends its text
    if isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if isinstance(found, tuple) and found[0] is not None:
        event["exception"] = found[0].__qualname__
        event["at"] = _places(found)
    return event


def capped(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """One line of printable characters, of bounded length, whatever was logged."""
    event["event"] = _printable(str(event.get("event", "")))[:LONGEST]
    return event


def as_line(_: WrappedLogger, __: str, event: EventDict) -> str:
    """A line for people: level, logger, what happened, then everything else."""
    rest: MutableMapping[str, Any] = dict(event)
    level, name = str(rest.pop("level", "")).upper(), rest.pop("logger", "")
    said = rest.pop("event", "")
    rest.pop("timestamp", None)
    return f"{level} {name}: {said}{_pairs(rest)}"


def _pairs(rest: Mapping[str, Any]) -> str:
    return "".join(f" {key}={value}" for key, value in rest.items())


def _places(found: ExcInfo) -> str:
    frames = traceback.extract_tb(found[2])[-DEEPEST:]
    return " < ".join(f"{_shown(frame.filename)}:{frame.lineno}" for frame in reversed(frames))


def _shown(path: str) -> str:
    """A path from its package on: what stands before it is the same in every line."""
    for root in (f"{ROOT}/", "/site-packages/"):
        path = path.rpartition(root)[2]
    return path


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
