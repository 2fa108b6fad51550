"""A room's running service, as its caller has it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sandbox.interface import Answer, Ask, Finished, Heard, ServiceDown, Unanswered


class Asking(Protocol):
    """Sends requests to the service. Raises ServiceDown."""

    def __call__(
        self, asks: Sequence[Ask], /, *, patience: float, most_open: int
    ) -> Sequence[Heard]:
        """Hear what became of each."""
        ...


class Stopping(Protocol):
    """Ends the service, and says how it ended."""

    def __call__(self, *, kill: bool) -> Finished:
        """With or without a word before."""
        ...


class RunnerService:
    """A learner's running service, as `sandbox.interface.Service` promises it."""

    def __init__(self, ask: Asking, stop: Stopping, *, up_seconds: float) -> None:
        self._ask = ask
        self._end = stop
        self._finished: Finished | None = None
        self.up_seconds = up_seconds

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request. Raises ServiceDown when nothing answers within the limits."""
        ask = Ask(method=method, path=path, body=body, headers=headers or {})
        (heard,) = self.load([ask])
        if isinstance(heard, Unanswered):
            raise ServiceDown(f"the service does not answer: {heard.why}")
        return heard

    def load(
        self, asks: Sequence[Ask], *, patience: float = 10.0, most_open: int = 64
    ) -> Sequence[Heard]:
        """Send each request when it is due, and hear them all. Raises ServiceDown."""
        if self._finished is not None:
            raise ServiceDown("the service is stopped", finished=self._finished)
        return self._ask(asks, patience=patience, most_open=most_open)

    def kill(self) -> Finished:
        """Kill it without a word; say how it ended."""
        return self._stop(kill=True)

    def close(self) -> Finished:
        """Stop the service and say how it ended."""
        return self._stop(kill=False)

    def _stop(self, *, kill: bool) -> Finished:
        if self._finished is None:
            self._finished = self._end(kill=kill)
        return self._finished
