"""The keeper of one room: puts up its walls, does what it is asked, and tells facts.

It is forked from the template, owns the room's namespaces and stands outside its PID namespace: a
learner's process cannot see it, signal it or open its memory. Everything it reports (how a process
ended, what it used, which limit it met) it has measured itself.
"""

import json
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, NoReturn

from sandbox.agent import (
    collect,
    confine,
    kernel,
    learner,
    process,
    reaper,
    relay,
    walls,
    watch,
    worker,
)
from sandbox.agent.confine import Cage
from sandbox.agent.frames import MAX_FRAME, Kind, MessageReader, Verb, message, pieces
from sandbox.agent.process import Limits, Process, Start

WATCH_SECONDS = 0.02
CONFIRM_SECONDS = 0.1  # a close look at memory costs milliseconds
DYING_SECONDS = 5.0
LARGEST_VALUE = 64 * 1024 * 1024
HEAD = struct.Struct("<I")
MEGABYTE = 1024 * 1024
LOOPBACK = "loopback"


class Gone(Exception):
    """The caller has closed the room."""


class Refused(Exception):
    """What was asked breaks a rule; the message is the rule."""


def keep(line: socket.socket, order: Mapping[str, Any]) -> NoReturn:
    """Be the warden of one room until its line closes."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    warden = Warden(line, order)
    try:
        warden.build()
        warden.serve()
    except Gone:
        pass
    except Exception as error:  # noqa: BLE001 - the last resort: say what broke, then end the room
        warden.complain(error)
    warden.tear_down()
    os._exit(0)


@dataclass
class Facts:
    """What the room's control group counted, as the runner read it."""

    out_of_memory: int = 0
    refused_processes: int = 0
    peak_bytes: int = 0


class Warden:
    """One room. A single thread; `_turn` is the only place that waits."""

    def __init__(self, line: socket.socket, order: Mapping[str, Any]) -> None:
        self._line = line
        self._order = order
        self._limits = Limits(**order["limits"])
        self._messages = MessageReader()
        self._inbox: list[tuple[Verb, bytes]] = []
        self._controlled = bool(order["controlled"])
        self._go = not self._controlled
        self._facts, self._facts_before, self._answered = Facts(), Facts(), True
        self._processes: dict[int, Process] = {}
        self._worker: Process | None = None
        self._service: tuple[Process, int] | None = None
        self._reaper: reaper.Reaper | None = None
        self._cpu_of_dead = 0.0
        self._looked = self._confirmed = 0.0
        self._peak = 0
        self._cages: dict[bool, Cage] = {}
        self._loopback_up = False

    # ---- life of the room

    def build(self) -> None:
        """Put up the walls, start the first process, and wait until the runner says go."""
        self._shell_proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        walls.leave_the_shell()
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        walls.build_tree(
            data=self._order["data"],
            scratch_bytes=self._limits.scratch_mb * MEGABYTE,
            scratch_files=self._limits.scratch_files,
        )
        while not self._go:
            self._take_packet()
        if self._controlled:
            walls.hide_cgroup()
        self._reaper = reaper.Reaper()
        walls.move_in()
        self._reaper.confine()
        self._cages[False] = confine.prepare(loopback=False)
        self._meter = watch.Meter()
        self._files_before = self._meter.scratch_used()
        self._answer(Verb.OPENED, {})

    def serve(self) -> None:
        """Do what the caller asks, one thing at a time."""
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
        while True:
            while not self._inbox:
                self._turn()
            verb, body = self._inbox.pop(0)
            try:
                verbs[verb](body)
            except (Refused, collect.Rule) as rule:
                self._answer(Verb.REFUSED, {"rule": str(rule)})

    def tear_down(self) -> None:
        """End every process of the room; the kernel then takes its mounts away."""
        if self._reaper:
            os.kill(self._reaper.pid, signal.SIGKILL)
            os.waitpid(self._reaper.pid, 0)

    def complain(self, error: Exception) -> None:
        """Tell the caller that the room itself is broken."""
        try:
            self._answer(Verb.BROKEN, {"why": f"{type(error).__name__}: {error}"})
        except OSError:
            sys.stderr.write(f"a room broke: {error}\n")

    # ---- the verbs

    def _upload(self, body: bytes) -> None:
        head, rest = _split(body)
        start = 0
        for path, size in head["files"]:
            _write(path, rest[start : start + size])
            start += size
        self._answer(Verb.DONE, {})

    def _run(self, body: bytes) -> None:
        head, stdin = _split(body)
        command: Sequence[str] = head["command"]
        running = self._start(head, lambda: learner.run(command), stdin=stdin)
        self._await(running, lambda: False)
        self._sweep()
        self._answer(Verb.DONE, *self._finished(running))

    def _call(self, body: bytes) -> None:
        head, request = _split(body)
        busy = self._worker or self._start_worker(head)
        busy.limits = self._within(head["limits"])
        self._begin(busy)
        answer = bytearray()
        rejected = None
        if self._readable(busy):
            rejected = "the process answered before it was asked"
        else:
            self._ask(busy, request)
            self._await(busy, lambda: self._hear(busy, answer))
            rejected = _why_rejected(answer)
        busy.deadline = None
        if rejected or busy.stopped:
            self._end_all(None)
        self._answer(Verb.DONE, *self._returned(busy, answer, rejected=rejected))

    def _serve(self, body: bytes) -> None:
        head, _ = _split(body)
        if self._service:
            raise Refused("one service at a time")
        head["limits"]["network"] = LOOPBACK
        command, port = head["command"], int(head["port"])
        running = self._start(head, lambda: learner.run(command), stdin=b"")
        up = False
        while running.status is None and not up:
            self._turn(WATCH_SECONDS / 2)
            up = running.status is None and relay.listening(port)
        if up:
            self._service = (running, port)
            self._answer(Verb.DONE, {"up": True})
            return
        self._sweep()
        self._answer(Verb.DONE, *self._finished(running))

    def _request(self, body: bytes) -> None:
        head, content = _split(body)
        if not self._service:
            raise Refused("no service is running")
        running, port = self._service
        pid, pipe = relay.fork(head, content, port=port, cage=self._cage(LOOPBACK))
        answer = self._from_relay(pid, pipe, running, seconds=float(head["seconds"]))
        if answer is None:
            self._answer(Verb.DONE, {"down": "no answer within the limits"})
            return
        told, rest = _split(answer)
        self._answer(Verb.DONE, told, rest)

    def _stop(self, _: bytes) -> None:
        if not self._service:
            raise Refused("no service is running")
        running, _port = self._service
        self._service = None
        if running.status is None:
            os.kill(running.pid, signal.SIGTERM)
            running.deadline = min(running.deadline or 0.0, time.monotonic() + 2.0)
            self._await(running, lambda: False, quietly=True)
        self._sweep()
        self._answer(Verb.DONE, *self._finished(running))

    def _read(self, body: bytes) -> None:
        head, _ = _split(body)
        self._end_all(None)
        self._answer(Verb.DONE, {}, collect.read(head["path"], max_bytes=head["max_bytes"]))

    def _read_folder(self, body: bytes) -> None:
        head, _ = _split(body)
        self._end_all(None)
        found = collect.walk(
            head["path"], max_files=head["max_files"], max_bytes=head["max_bytes"]
        )
        names, contents = [], []
        for name, content in found:
            names.append([name, len(content)])
            contents.append(content)
        self._answer(Verb.DONE, {"files": names}, *contents)

    # ---- processes

    def _start(self, head: Mapping[str, Any], body: Callable[[], int], *, stdin: bytes) -> Process:
        limits = self._within(head["limits"])
        what = Start(
            limits=limits,
            cage=self._cage(limits.network),
            environment={**self._order["environment"], **head["env"]},
            stdin=stdin,
        )
        return self._enrol(process.start(what, body))

    def _start_worker(self, head: Mapping[str, Any]) -> Process:
        limits = self._within(head["limits"])
        ours, theirs = socket.socketpair()
        line = (ours.detach(), theirs.detach())
        what = Start(
            limits=limits,
            cage=self._cage(limits.network),
            environment={**self._order["environment"], **head["env"]},
            channel=line,
        )
        started = process.start(
            what, lambda: learner.ending(lambda: worker.serve(line[1]), argv=[""])
        )
        self._worker = self._enrol(started)
        return started

    def _enrol(self, started: Process) -> Process:
        self._processes[started.handle] = started
        self._begin(started)
        return started

    def _begin(self, busy: Process) -> None:
        """Start the clocks of a step."""
        busy.started = time.monotonic()
        busy.deadline = busy.started + busy.limits.wall_seconds
        busy.cpu_before = self._cpu()
        self._peak = 0
        self._facts_before = self._facts

    def _within(self, asked: Mapping[str, Any]) -> Limits:
        """Take a step's limits, none above the room's."""
        room = self._limits
        numbers = {
            name: min(asked[name], getattr(room, name)) for name in asked if name != "network"
        }
        return Limits(**numbers, network=asked["network"])

    def _cage(self, network: str) -> Cage:
        loopback = network == LOOPBACK
        if loopback and not self._loopback_up:
            walls.raise_loopback()
            self._loopback_up = True
        if loopback not in self._cages:
            self._cages[loopback] = confine.prepare(loopback=loopback)
        return self._cages[loopback]

    def _await(self, running: Process, done: Callable[[], bool], *, quietly: bool = False) -> None:
        """Wait until a process has ended or the step is done. Ends it at its limits."""
        while running.status is None and not done():
            self._turn(WATCH_SECONDS)
        if running.status is not None:
            running.drain()
        if running.stopped is None and not quietly:
            running.stopped = self._met_a_limit(running)

    def _met_a_limit(self, running: Process) -> str | None:
        """See, at the end of a step that failed, whether a limit made it fail."""
        if running.too_loud:
            return "output_kb"
        if running.status in {0, None}:
            return None
        facts = self._ask_facts()
        used, files = self._meter.scratch_used()
        _, number = process.ending(running.status)
        spent = self._cpu() - running.cpu_before
        met = {
            "memory_mb": facts.out_of_memory > self._facts_before.out_of_memory,
            "processes": facts.refused_processes > self._facts_before.refused_processes,
            "scratch_mb": self._scratch_is_full(running.limits, used, files),
            "cpu_seconds": number == signal.SIGXCPU
            or (number == signal.SIGKILL and spent >= running.limits.cpu_seconds),
        }
        return next((limit for limit, true in met.items() if true), None)

    def _finished(self, ended: Process) -> tuple[dict[str, Any], bytes, bytes]:
        out, error = ended.take_said()
        code, number = process.ending(ended.status or 0)
        if ended.stopped:
            code = None
        head = {
            "exit_code": code,
            "signal": number,
            "stopped": ended.stopped,
            "said": [len(out), len(error)],
            "usage": self._usage(ended),
        }
        self._forget(ended)
        return head, out, error

    def _returned(
        self, busy: Process, answer: bytearray, *, rejected: str | None
    ) -> tuple[dict[str, Any], bytes, bytes, bytes]:
        busy.drain()
        out, error = busy.take_said()
        crashed = None
        if busy.status is not None and not _complete(answer):
            code, number = process.ending(busy.status)
            crashed = f"exit code {code}" if number is None else process.name_of(number)
        body = bytes(answer[worker.ANSWER_HEAD.size :]) if _complete(answer) else b""
        head = {
            "kind": chr(answer[0]) if body or _complete(answer) else None,
            "size": len(body),
            "stopped": busy.stopped,
            "crashed": crashed,
            "rejected": rejected,
            "said": [len(out), len(error)],
            "usage": self._usage(busy),
        }
        if busy.status is not None:
            self._worker = None
            self._forget(busy)
        return head, body, out, error

    def _usage(self, busy: Process) -> dict[str, float]:
        peak = max(self._peak, self._ask_facts().peak_bytes)
        return {
            "wall_seconds": round(time.monotonic() - busy.started, 4),
            "cpu_seconds": round(max(0.0, self._cpu() - busy.cpu_before), 3),
            "peak_memory_mb": round(peak / MEGABYTE, 1),
        }

    def _forget(self, ended: Process) -> None:
        del self._processes[ended.handle]
        ended.close()

    # ---- calls

    def _ask(self, busy: Process, request: bytes) -> None:
        """Hand a request to the worker, which may be slow to take it."""
        left = memoryview(request)
        while left and busy.status is None:
            try:
                left = left[os.write(busy.channel or 0, left) :]
            except BlockingIOError:
                self._turn(WATCH_SECONDS, writing=busy.channel)
            except OSError:  # it has closed its line, or died: what follows will tell
                self._turn(WATCH_SECONDS)
                return

    def _hear(self, busy: Process, answer: bytearray) -> bool:
        """Take what the worker says; True when the answer is complete or breaks a rule."""
        while not _complete(answer) and not _why_rejected(answer):
            try:
                data = os.read(busy.channel or 0, MEGABYTE)
            except OSError:  # nothing now, or the line is broken: the process's end will tell
                return False
            if not data:
                return False
            answer += data
        return True

    def _readable(self, busy: Process) -> bool:
        ready, _, _ = select.select([busy.channel], [], [], 0)
        return bool(ready) and busy.status is None and self._alive(busy)

    def _alive(self, busy: Process) -> bool:
        self._turn(0.0)
        return busy.status is None

    # ---- ends

    def _end_all(self, reason: str | None) -> None:
        """Kill every learner's process of the room, and wait until none is left."""
        for running in self._processes.values():
            if running.status is None and running.stopped is None:
                running.stopped = reason
        until = time.monotonic() + DYING_SECONDS
        while self._others():
            if time.monotonic() > until:
                raise RuntimeError("processes of the room do not die")
            self._kill_in_the_room(spare=None)
            for running in self._processes.values():
                self._bury(running)
        if reason is None:
            for running in list(self._processes.values()):
                self._bury(running)
                if running is self._worker and running.status is not None:
                    self._worker = None
                    if running.deadline is None:
                        self._forget(running)

    def _sweep(self) -> None:
        """Kill what a step has left running, but not the warm worker and the service."""
        spared = [p for p in self._processes.values() if p.status is None]
        left = self._others()
        if len(left) <= len(spared):
            return
        if not spared:
            self._end_all(None)
            return
        self._kill_in_the_room(spare={self._inside(p.pid) for p in spared})

    def _others(self) -> list[str]:
        return [pid for pid in self._meter.processes() if pid != watch.INIT]

    def _inside(self, pid: int) -> str:
        """Translate a process number of the shell to the room's."""
        file = os.open(f"{pid}/status", os.O_RDONLY, dir_fd=self._shell_proc)
        with os.fdopen(file) as status:
            for line in status:
                if line.startswith("NSpid:"):
                    return line.split()[-1]
        raise RuntimeError("this kernel does not tell NSpid")

    def _kill_in_the_room(self, *, spare: set[str] | None) -> None:
        """Fork a helper into the room that kills all, or all but some and their children."""
        pid = os.fork()
        if pid == 0:
            try:
                kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
                if spare is None:
                    os.kill(-1, signal.SIGKILL)
                else:
                    _kill_all_but(self._meter, spare)
            except ProcessLookupError:
                pass
            finally:
                os._exit(0)
        os.waitpid(pid, 0)

    def _bury(self, running: Process) -> None:
        if running.status is not None:
            return
        pid, status, used = os.wait4(running.pid, os.WNOHANG)
        if pid:
            running.status = status
            self._cpu_of_dead += used.ru_utime + used.ru_stime

    # ---- waiting and watching

    def _turn(self, seconds: float | None = None, *, writing: int | None = None) -> None:
        """Wait for anything to happen, take it, and look at the limits when it is time."""
        alive = [p for p in self._processes.values() if p.status is None]
        if seconds is None and alive:
            seconds = CONFIRM_SECONDS
        poll = select.poll()
        poll.register(self._line, select.POLLIN)
        actions: dict[int, Callable[[], object]] = {self._line.fileno(): self._take_packet}
        for running in alive:
            for descriptor, events, action in self._events(running):
                poll.register(descriptor, events)
                actions[descriptor] = action
        if writing is not None:
            poll.register(writing, select.POLLOUT | select.POLLIN)
        timeout = None if seconds is None else max(0, round(seconds * 1000))
        for descriptor, _ in poll.poll(timeout):
            actions.get(descriptor, _nothing)()
        if alive and time.monotonic() - self._looked >= WATCH_SECONDS:
            self._look()

    def _events(self, running: Process) -> Iterator[tuple[int, int, Callable[[], object]]]:
        yield running.handle, select.POLLIN, lambda: self._bury(running)
        for output in running.outputs:
            if output.open and not running.too_loud:
                yield output.descriptor, select.POLLIN, lambda o=output: running.listen(o)
        if running.feed is not None:
            yield running.feed, select.POLLOUT, running.give
        if running.channel is not None and running.deadline is not None:
            yield running.channel, select.POLLIN, _nothing

    def _look(self) -> None:
        """See whether a limit is met; if so, end every learner's process of the room."""
        now = self._looked = time.monotonic()
        for running in [p for p in self._processes.values() if p.status is None]:
            reason = self._reason(running, now)
            if reason:
                self._end_all(reason)
                return

    def _reason(self, running: Process, now: float) -> str | None:
        sample = self._meter.sample()
        limits = running.limits
        used, files = self._meter.scratch_used()
        cpu = sample.cpu_seconds + self._cpu_of_dead - running.cpu_before
        met = {
            "output_kb": running.too_loud,
            "wall_seconds": running.deadline is not None and now >= running.deadline,
            "cpu_seconds": running.deadline is not None and cpu > limits.cpu_seconds,
            "processes": sample.tasks > limits.processes + 1,
            "scratch_mb": self._scratch_is_full(limits, used, files),
            "memory_mb": self._too_much_memory(sample.resident + used, limits),
        }
        return next((limit for limit, true in met.items() if true), None)

    def _scratch_is_full(self, limits: Limits, used: int, files: int) -> bool:
        full = used > limits.scratch_mb * MEGABYTE
        return full or files - self._files_before[1] > limits.scratch_files

    def _too_much_memory(self, at_most: int, limits: Limits) -> bool:
        """Look closely only when the cheap figure, which is never too low, is above the limit."""
        facts, now = self._facts, time.monotonic()
        if facts.out_of_memory > self._facts_before.out_of_memory:
            return True
        if now - self._confirmed < CONFIRM_SECONDS:
            return False
        above = at_most > limits.memory_mb * MEGABYTE
        if self._controlled and not above:
            return False
        self._confirmed = now
        exact = self._meter.memory()
        self._peak = max(self._peak, exact)
        return exact > limits.memory_mb * MEGABYTE

    def _cpu(self) -> float:
        return self._meter.sample().cpu_seconds + self._cpu_of_dead

    # ---- the line

    def _take_packet(self) -> None:
        packet = self._line.recv(MAX_FRAME + 1)
        if not packet:
            raise Gone
        if packet[0] == Kind.DATA:
            self._inbox.extend(self._messages.feed(packet[1:]))
            return
        told = json.loads(packet[1:])
        self._go = self._go or bool(told.get("go"))
        if "facts" in told:
            self._facts = Facts(**told["facts"])
            self._answered = self._answered or bool(told.get("answer"))
            if self._facts.refused_processes > self._facts_before.refused_processes:
                self._stop_for_processes()

    def _stop_for_processes(self) -> None:
        if any(p.status is None and p.deadline is not None for p in self._processes.values()):
            self._end_all("processes")

    def _ask_facts(self) -> Facts:
        """Ask the runner what the room's control group has counted up to now."""
        if self._controlled:
            self._answered = False
            self._line.send(bytes([Kind.CONTROL]) + json.dumps({"ask": "facts"}).encode())
            until = time.monotonic() + DYING_SECONDS
            while not self._answered:
                if time.monotonic() > until:
                    raise RuntimeError("the runner does not answer")
                self._take_packet()
        return self._facts

    def _answer(self, verb: Verb, head: Mapping[str, Any], *parts: bytes) -> None:
        text = json.dumps(head).encode()
        for piece in pieces(message(verb, HEAD.pack(len(text)), text, *parts)):
            self._line.send(bytes([Kind.DATA]) + piece)

    def _from_relay(
        self, pid: int, pipe: int, running: Process, *, seconds: float
    ) -> bytes | None:
        """Wait for a request's answer; None when the time is over or nothing came."""
        got = bytearray()
        os.set_blocking(pipe, False)
        until = min(time.monotonic() + seconds, running.deadline or 0.0)
        try:
            while time.monotonic() < until and running.status is None:
                try:
                    data = os.read(pipe, MEGABYTE)
                except BlockingIOError:
                    self._turn(WATCH_SECONDS, writing=pipe)
                    continue
                if not data:
                    break
                got += data
            return bytes(got) or None
        finally:
            os.close(pipe)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _split(body: bytes) -> tuple[dict[str, Any], memoryview | bytes]:
    (length,) = HEAD.unpack_from(body)
    return json.loads(body[HEAD.size : HEAD.size + length]), body[HEAD.size + length :]


def _complete(answer: bytearray) -> bool:
    if len(answer) < worker.ANSWER_HEAD.size:
        return False
    _, length = worker.ANSWER_HEAD.unpack_from(answer)
    return len(answer) == worker.ANSWER_HEAD.size + length


def _why_rejected(answer: bytearray) -> str | None:
    """Say which rule an answer breaks, as far as it has come."""
    if len(answer) < worker.ANSWER_HEAD.size:
        return None
    kind, length = worker.ANSWER_HEAD.unpack_from(answer)
    if kind not in {worker.VALUE, worker.RAISED}:
        return "the answer does not follow the form of answers"
    if length > LARGEST_VALUE:
        return f"the value is larger than {LARGEST_VALUE // MEGABYTE} MB"
    if len(answer) > worker.ANSWER_HEAD.size + length:
        return "the process answered more than it was asked"
    return None


def _write(path: str, content: bytes | memoryview) -> None:
    """Write a file of the project or of the artefacts, through no link."""
    parts = PurePosixPath("/project", path).parts
    if ".." in parts or len(parts) < 3 or f"/{parts[1]}" not in collect.ROOTS:  # noqa: PLR2004 - root, top, name
        raise Refused(f"{path}: not a path inside the project")
    here = os.open(f"/{parts[1]}", os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in parts[2:-1]:
            try:
                os.mkdir(name, dir_fd=here)
            except FileExistsError:
                pass
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = below
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK
        with os.fdopen(os.open(parts[-1], flags, 0o644, dir_fd=here), "wb") as file:
            file.write(content)
    except OSError as error:
        raise Refused(f"{path}: {os.strerror(error.errno or 0)}") from None
    finally:
        os.close(here)


def _kill_all_but(meter: watch.Meter, spare: set[str]) -> None:
    """Kill, from inside the room, whatever does not descend from the spared processes."""
    me = str(os.getpid())
    for _ in range(50):
        parents = {pid: meter.parent(pid) for pid in meter.processes()}
        doomed = [pid for pid in parents if not _descends(pid, parents, {*spare, me, watch.INIT})]
        for pid in doomed:
            os.kill(int(pid), signal.SIGKILL)
        if not doomed:
            return
    os.kill(-1, signal.SIGKILL)


def _descends(pid: str, parents: Mapping[str, str], roots: set[str]) -> bool:
    """Follow the parents up; whatever ends at the first process was left behind."""
    while pid not in roots:
        above = parents.get(pid, watch.INIT)
        if above in {watch.INIT, "0", pid}:
            return False
        pid = above
    return True


def _nothing() -> None:
    """Wake up, and let the caller look."""
