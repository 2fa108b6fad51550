"""A learner's service while it runs: started once a phase, shared by the checks, started again."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from graders.failures import Ended, Fail
from graders.results import Outcome, Param
from graders.service.api import Api
from graders.workspace import Workspace
from sandbox.interface import (
    Answer,
    Ask,
    Finished,
    Heard,
    Room,
    Service,
    ServiceDown,
    Unanswered,
)

_TAIL = 4_000


@dataclass(kw_only=True)
class Running:
    """A service in its room."""

    work: Workspace
    api: Api
    room: Room
    service: Service
    _stack: ExitStack = field(default_factory=ExitStack)
    gone: bool = False

    def ask(self, ask: Ask, *, patience: float = 10.0) -> Heard:
        """Send one request; an answer that is none is a fact, and so is a service that died."""
        (heard,) = self.load([ask], patience=patience) or (Unanswered(why="ended", seconds=0.0),)
        return heard

    def load(self, asks: Sequence[Ask], *, patience: float = 10.0) -> Sequence[Heard]:
        """Send requests by their schedule; nothing is heard of any when the service died.

        Raises Ended when a limit of the room has ended it.
        """
        try:
            return self.work.rooms.busy(lambda: self.service.load(asks, patience=patience))
        except ServiceDown:
            stopped = self.stop().stopped
            if stopped:
                target, limits = target_of(self.api), self.work.rooms.limits
                raise Ended.of_limit(stopped, target=target, limits=limits) from None
            return ()

    def kill(self) -> Finished:
        """Kill it, as a machine does."""
        self.gone = True
        return self.work.rooms.step(self.service.kill)

    def stop(self) -> Finished:
        """Stop it politely."""
        self.gone = True
        return self.work.rooms.step(self.service.close)

    def again(self) -> None:
        """Start it again in the room where it was killed or died. Raises Ended."""
        self._stack.close()
        self.service = _start(self._stack, self.work, self.api, self.room)
        self.gone = False


def running(work: Workspace, api: Api) -> Running:
    """The phase's running service, started when it is first asked for. Raises Ended."""
    key = ("service", work.rooms.phase, api.words[0], api.port, tuple(api.words))
    found = work.once(key, list[Running])
    room = work.service_room()
    if found and found[0].room is room:
        if found[0].gone:
            found[0].again()
        return found[0]
    found.clear()  # the phase's rooms were renewed meanwhile
    stack = ExitStack()
    found.append(
        Running(
            work=work,
            api=api,
            room=room,
            service=_start(stack, work, api, room),
            _stack=stack,
        )
    )
    return found[0]


@contextmanager
def alone(
    work: Workspace, api: Api, files: Mapping[str, bytes] | None = None
) -> Iterator[Running]:
    """A service in a fresh room of its own, with other files where they are given."""
    present = work.room_files() if files is None else files
    with work.rooms.fresh(present, data=None) as room, ExitStack() as stack:
        service = _start(stack, work, api, room)
        yield Running(work=work, api=api, room=room, service=service, _stack=stack)


def _start(stack: ExitStack, work: Workspace, api: Api, room: Room) -> Service:
    limits, within = work.rooms.limits, api.start_seconds
    serving = room.serve(*api.words, port=api.port, limits=limits, env=api.env, within=within)
    try:
        return work.rooms.busy(lambda: stack.enter_context(serving))
    except ServiceDown as down:
        raise not_up(api, down.finished, work) from None


def not_up(api: Api, finished: Finished | None, work: Workspace) -> Ended:
    """Why a service did not come up, as the learner's ending."""
    output = said(finished)
    if finished is None or (finished.stopped and finished.stopped.value == "wall_seconds"):
        facts: dict[str, Param] = {"port": api.port, "seconds": api.start_seconds}
        return Ended(Outcome.TIMEOUT, "never_listened", facts, output=output)
    target = target_of(api)
    if finished.stopped:
        return Ended.of_limit(
            finished.stopped, target=target, limits=work.rooms.limits, output=output
        )
    code = finished.exit_code if finished.exit_code is not None else -(finished.signal or 0)
    return Ended(
        Outcome.ERROR, "service_exited", {"target": target, "exit_code": code}, output=output
    )


def answered(heard: Heard, *, method: str, path: str) -> Answer:
    """An answer, or else the learner's failure."""
    if isinstance(heard, Unanswered):
        raise Fail("unanswered", {"method": method, "path": path, "why": heard.why})
    return heard


def target_of(api: Api) -> str:
    """What a learner calls the service: the word that names the application."""
    words = [word for word in api.words if not word.startswith("-") and not word.isdigit()]
    named = [word for word in words if ":" in word and "." not in word.partition(":")[2]]
    return (named or words)[-1 if not named else 0]


def said(finished: Finished | None) -> str:
    """The end of what a service wrote, for the phases that may show it."""
    if finished is None:
        return ""
    return (finished.stdout + finished.stderr)[-_TAIL:].decode("utf-8", errors="replace")
