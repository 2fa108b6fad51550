"""The keeper of one room: puts up its walls, does what it is asked, and tells facts.

It is forked from the template, owns the room's namespaces and stands outside its PID namespace: a
learner's process cannot see it, signal it or open its memory. Everything it reports (how a process
ended, what it used, which limit it met) it has measured itself.
"""

import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from sandbox.agent import collect, container, kernel, process, seat, walls
from sandbox.agent.crowd import LOOPBACK, MEGABYTE, WATCH_SECONDS, Crowd, Step
from sandbox.agent.frames import Verb, Violation, split
from sandbox.agent.line import Gone, Line
from sandbox.agent.process import Limits, Process
from sandbox.agent.reaper import Reaper
from sandbox.agent.seats import Seats
from sandbox.agent.serving import Serving
from sandbox.agent.talk import Talk

BROKEN = (OSError, RuntimeError, Violation, ValueError, KeyError, TypeError)


class Refused(Exception):
    """What was asked breaks a rule; the message is the rule."""


def keep(end: socket.socket, opening: Mapping[str, Any], bell: socket.socket) -> NoReturn:
    """Be the warden of one room until its line closes; `bell` is the template's."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    line = Line(end, opening)
    first: list[Reaper] = []
    try:
        crowd = _build(line, bell, first)
        Warden(line, line.order or {}, crowd).serve()
    except Gone:
        pass
    except BROKEN as error:
        _complain(line, error)
    finally:
        if first:
            first[0].end()
        os._exit(0)


def _build(line: Line, bell: socket.socket, first: list[Reaper]) -> Crowd:
    """Put up the walls, start the room's first process, and have a process seated in it.

    What no caller may choose is done first: a room that is opened ahead waits there for its order.
    """
    if container.room is not None:
        return container.room.build(line, bell, first)
    shell_proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    walls.leave_the_shell()
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    walls.build_tree()
    while not line.go:
        line.take()
    if line.controlled:
        walls.hide_cgroup()
    first.append(Reaper())
    seats = Seats(bell, line, seat.spaces_of(shell_proc, controlled=line.controlled))
    seats.ask(unhurried=line.order is None)
    order = _hear_order(line, seats)
    limits = Limits(**order["limits"])
    walls.furnish(
        data=order["data"],
        scratch_bytes=limits.scratch_mb * MEGABYTE,
        scratch_files=limits.scratch_files,
    )
    # Who enters a mount namespace gets what is its root then: all of the room, or nobody.
    seats.wait()
    walls.move_in()
    first[0].confine()
    return Crowd(line, limits, reaper=first[0], shell_proc=shell_proc, seats=seats)


def _hear_order(line: Line, seats: Seats) -> Mapping[str, Any]:
    """Take what the caller wants; in a room that is opened ahead, say that it stands, and wait."""
    if line.order is None:
        seats.wait()
        line.tell({"stands": True})
    while line.order is None:
        line.take()
    return line.order


def _complain(line: Line, error: Exception) -> None:
    """Tell the caller, or else the operator, that the room itself is broken."""
    try:
        line.answer(Verb.BROKEN, {"why": f"{type(error).__name__}: {error}"})
    except OSError:
        sys.stderr.write(f"a room broke: {type(error).__name__}: {error}\n")


class Warden:
    """One room, as its caller may use it."""

    def __init__(self, line: Line, order: Mapping[str, Any], crowd: Crowd) -> None:
        self._line = line
        self._order = order
        self._crowd = crowd
        self._worker: Process | None = None
        self._serving = Serving(crowd)

    def serve(self) -> None:
        """Do what the caller asks, one thing at a time, until the line closes."""
        verbs: Mapping[Verb, Callable[[bytes], None]] = {
            Verb.UPLOAD: self._upload,
            Verb.RUN: self._run,
            Verb.CALL: self._call,
            Verb.SERVE: self._serve,
            Verb.REQUEST: self._request,
            Verb.STOP: self._stop,
            Verb.READ: self._read,
            Verb.FILES: self._read_folder,
        }
        self._line.answer(Verb.OPENED, self._order["made"])
        while True:
            while not self._line.inbox:
                self._crowd.turn()
            verb, body = self._line.inbox.pop(0)
            try:
                verbs[verb](body)
            except (Refused, collect.Rule) as rule:
                self._line.answer(Verb.REFUSED, {"rule": str(rule)})

    def _upload(self, body: bytes) -> None:
        head, rest = split(body)
        start = 0
        for path, size in head["files"]:
            collect.write(path, rest[start : start + size])
            start += size
        self._line.answer(Verb.DONE, {})

    def _run(self, body: bytes) -> None:
        head, stdin = split(body)
        running = self._crowd.start(self._step(head, stdin=stdin, command=head["command"]))
        self._crowd.wait(running, lambda: False)
        self._crowd.sweep()
        self._line.answer(Verb.DONE, *self._finished(running))

    def _call(self, body: bytes) -> None:
        head, request = split(body)
        busy = self._ready_worker(head)
        busy.limits = self._crowd.within(head["limits"])
        self._crowd.begin(busy)
        talk = Talk(busy.channel or -1)
        if talk.spoken_too_early():
            talk.rejected = "the process answered before it was asked"
        else:
            while busy.status is None and not talk.ask(request):
                self._crowd.turn(WATCH_SECONDS, also=busy.channel)
            self._crowd.wait(busy, talk.hear)
            talk.hear()
        if talk.raised or talk.rejected:  # a limit may be behind it: the kernel has counted
            busy.stopped = busy.stopped or self._crowd.limit_behind(busy)
        busy.deadline = None
        if talk.rejected or busy.stopped:
            self._crowd.end_all(None)
        self._line.answer(Verb.DONE, *self._returned(busy, talk))

    def _serve(self, body: bytes) -> None:
        head, _ = split(body)
        if self._serving.present:
            raise Refused("one service at a time")
        head["limits"]["network"] = LOOPBACK
        running, up = self._serving.start(self._step(head, command=head["command"]), head)
        if up is None:
            self._line.answer(Verb.DONE, *self._finished(running))
        else:
            self._line.answer(Verb.DONE, {"up": True, "seconds": up})

    def _request(self, body: bytes) -> None:
        if not self._serving.present:
            raise Refused("no service is running")
        self._line.answer(Verb.DONE, *self._serving.ask(*split(body)))

    def _stop(self, body: bytes) -> None:
        head, _ = split(body)
        if not self._serving.present:
            raise Refused("no service is running")
        self._line.answer(Verb.DONE, *self._finished(self._serving.stop(kill=head["kill"])))

    def _read(self, body: bytes) -> None:
        head, _ = split(body)
        self._end_everything()
        self._line.answer(Verb.DONE, {}, collect.read(head["path"], max_bytes=head["max_bytes"]))

    def _read_folder(self, body: bytes) -> None:
        head, _ = split(body)
        self._end_everything()
        found = collect.walk(
            head["path"], max_files=head["max_files"], max_bytes=head["max_bytes"]
        )
        listed = list(found)
        names = [[name, len(content)] for name, content in listed]
        self._line.answer(Verb.DONE, {"files": names}, *(content for _, content in listed))

    def _end_everything(self) -> None:
        self._crowd.end_all(None)
        if self._worker:
            self._crowd.forget(self._worker)
            self._worker = None

    def _step(
        self, head: Mapping[str, Any], *, stdin: bytes = b"", command: list[str] | None = None
    ) -> Step:
        return Step(
            limits=self._crowd.within(head["limits"]),
            environment={**self._order["environment"], **head["env"]},
            stdin=stdin,
            command=command,
        )

    def _ready_worker(self, head: Mapping[str, Any]) -> Process:
        """Get the room's one warm process, a fresh one where the last has died."""
        if self._worker is not None and self._worker.status is None:
            return self._worker
        if self._worker is not None:
            self._crowd.forget(self._worker)
        self._worker = self._crowd.start(self._step(head))
        return self._worker

    def _finished(self, ended: Process) -> tuple[dict[str, Any], bytes, bytes]:
        out, error = ended.take_said()
        code, number = process.ending(ended.status or 0)
        head = {
            "exit_code": None if ended.stopped else code,
            "signal": number,
            "stopped": ended.stopped,
            "said": [len(out), len(error)],
            "usage": self._crowd.usage(ended),
        }
        self._crowd.forget(ended)
        return head, out, error

    def _returned(self, busy: Process, talk: Talk) -> tuple[dict[str, Any], bytes, bytes, bytes]:
        busy.drain()
        out, error = busy.take_said()
        crashed = None
        if busy.status is not None and not talk.complete:
            code, number = process.ending(busy.status)
            crashed = f"exit code {code}" if number is None else process.name_of(number)
        head = {
            "kind": talk.kind,
            "size": len(talk.body),
            "stopped": busy.stopped,
            "crashed": crashed,
            "rejected": talk.rejected,
            "said": [len(out), len(error)],
            "usage": self._crowd.usage(busy),
        }
        busy.stopped = None if busy.status is None else busy.stopped
        return head, talk.body, out, error
