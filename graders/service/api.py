"""What a quest asks of a learner's service: its command, its routes, where its model lies."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from graders.failures import Fail
from graders.results import Param
from graders.workspace import Workspace
from sandbox import unpacking
from sandbox.interface import Answer, Ask, Json

JSON_TYPE = {"content-type": "application/json"}
Bodies = Callable[[Workspace], Sequence[Any]]
"""Makes the bodies of requests when they are needed: from hidden tables, so that none is known."""


class Unfit(Exception):
    """An answer is not what the quest asks for; the place in it and the rule."""

    def __init__(self, rule: str, place: str = "body") -> None:
        super().__init__(rule)
        self.rule = rule
        self.place = place


@dataclass(frozen=True, kw_only=True)
class Route:
    """One route of the contract, with an example that it must answer.

    `request` and `response` are pydantic models of the bodies (or any type that pydantic reads);
    what they do not name is allowed unless they forbid it.
    """

    path: str
    method: str = "POST"
    example: Any = None  # a body of JSON; None for a request without one
    request: type[BaseModel] | None = None
    response: Any = None  # None: any JSON
    status: int = 200

    def ask(self, body: Json = None, *, due: float = 0.0) -> Ask:
        """A request with this body, or with none."""
        if body is None:
            return Ask(method=self.method, path=self.path, due=due)
        content = json.dumps(body, allow_nan=False).encode()
        return Ask(method=self.method, path=self.path, body=content, headers=JSON_TYPE, due=due)

    def accepts(self, body: Json) -> bool:
        """Whether the quest's model of the request takes a body."""
        if self.request is None:
            return True
        try:
            self.request.model_validate_json(json.dumps(body))
        except ValidationError:
            return False
        return True

    def read(self, answer: Answer) -> Json:
        """The body of an answer, held to the quest's model of it. Raises Unfit."""
        found = document(answer)
        if self.response is None:
            return found
        try:
            TypeAdapter(self.response).validate_json(json.dumps(found), strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            raise Unfit(_rule(first["type"]), self._place(first["loc"])) from None
        return found

    def _place(self, loc: tuple[int | str, ...]) -> str:
        """Where in the answer; only a name of the quest's own model is repeated."""
        known = set(json.dumps(TypeAdapter(self.response).json_schema()).split('"'))
        names = [str(step) for step in loc if isinstance(step, str) and step in known]
        return ".".join(names[:4]) or "body"


@dataclass(frozen=True, kw_only=True)
class Api:
    """A learner's service as a quest describes it.

    `command` starts it; ``{port}`` in a word becomes the port. `health` answers 2xx exactly when
    it can predict. `model` are patterns of the files that it cannot predict without, such as
    ``/artifacts/model.*`` (what training left) or ``models/*`` (in the project).
    """

    command: Sequence[str]
    predict: Route
    others: Sequence[Route] = ()
    health: str = "/health"
    openapi: str = "/openapi.json"
    model: Sequence[str] = ()
    port: int = 8000
    start_seconds: float = 30.0
    env: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.command:
            raise ValueError("a service is started by a command")
        if self.predict.example is None or not self.predict.accepts(self.predict.example):
            raise ValueError(
                f"{self.predict.path} needs an example that its own request model takes"
            )

    @property
    def words(self) -> list[str]:
        """The command, with its port."""
        return [word.replace("{port}", str(self.port)) for word in self.command]

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every route of the contract."""
        return (self.predict, *self.others)


def document(answer: Answer) -> Json:
    """The JSON in an answer: capped, finite, each key once. Raises Unfit."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Unfit("not-json")
    try:
        return unpacking.finite(answer.body)
    except unpacking.Rejected:
        raise Unfit("not-json") from None


def bodies_of(work: Workspace, make: Bodies, *, route: Route) -> Sequence[Json]:
    """The bodies that an author's function makes; a slip in it is the author's, at once."""
    bodies = list(make(work))
    if not bodies:
        raise ValueError("no bodies to ask with")
    wrong = next((body for body in bodies if not route.accepts(body)), None)
    if wrong is not None:
        raise ValueError(f"{route.path}: the quest's own model refuses {wrong!r:.200}")
    return bodies


def unfit(route: Route, broken: Unfit, *, reason: str = "answer_differs") -> Fail:
    """The learner's failure for an answer out of form."""
    facts: dict[str, Param] = {"method": route.method, "path": route.path}
    return Fail(reason, facts | {"field": broken.place, "rule": broken.rule})


def _rule(kind: str) -> str:
    """Pydantic's kinds of errors, in five words that a message can explain."""
    if kind == "missing":
        return "missing"
    if kind == "extra_forbidden":
        return "unknown"
    if kind.startswith(("greater", "less", "finite", "multiple", "too_", "string_too")):
        return "out-of-range"
    if kind in {"literal_error", "enum"} or kind.startswith("string_pattern"):
        return "not-allowed"
    return "wrong-type"
