"""Tries whether a room can be nested in a container here: nothing but trying it tells."""

import queue
from pathlib import Path

from sandbox.agent.frames import Kind, MessageReader, Verb, split
from sandbox.channel import Line, TemplateDied
from sandbox.docker_shell import DockerShells
from sandbox.interface import Limits
from sandbox.orders import trial
from sandbox.runtimes import describe
from sandbox.shell import ShellError, Wish

READY_SECONDS = 120.0
OPENING_SECONDS = 30.0


def why_not(docker: DockerShells, *, runtime: str, warehouse: Path) -> str | None:
    """Start a shell, open a room in it and end both. None when the room opened."""
    named = describe(runtime, home=warehouse.parent)
    try:
        line = Line(docker.start(Wish(runtime=named, warehouse=warehouse)))
    except ShellError as error:
        return str(error)
    try:
        line.wait_until_ready(READY_SECONDS)
        return _open(line)
    except TemplateDied:
        return f"the template does not come up: {line.last_words()[-300:] or 'it says nothing'}"
    finally:
        line.kill()


def _open(line: Line) -> str | None:
    heard: queue.Queue[tuple[Kind, bytes]] = queue.Queue()
    opening = {"controlled": False, "order": trial(Limits())}
    line.open(opening, lambda kind, body: heard.put((kind, body)))
    messages = MessageReader()
    while True:
        try:
            kind, body = heard.get(timeout=OPENING_SECONDS)
        except queue.Empty:
            return f"a room does not open within {OPENING_SECONDS:.0f} s"
        if kind is Kind.CLOSED:
            return f"a room ends before it is open: {line.last_words()[-300:]}"
        for verb, message in messages.feed(body) if kind is Kind.DATA else ():
            return None if verb is Verb.OPENED else str(split(message)[0].get("why"))
