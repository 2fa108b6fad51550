"""Whether a service comes up, keeps its contract, and refuses what it cannot answer."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from graders.checking import Check
from graders.failures import Ended, Fail
from graders.results import Kind, Outcome, Param, Phase, Severity
from graders.service.api import JSON_TYPE, Api, Bodies, Route, Unfit, bodies_of, document, unfit
from graders.service.library import library
from graders.service.openapi import Document, TooMuch
from graders.service.running import Running, answered, running, said
from graders.workspace import Workspace
from sandbox.interface import Answer, Ask, Heard, Json, Unanswered

REFUSALS = (400, 413, 415, 422)
SERVER_ERROR = 500
_NO_ROUTE = "/no-such-route-4711"


def starts(
    api: Api,
    *,
    points: float,
    severity: Severity = Severity.BLOCKER,
    needs: Sequence[Check | str] = (),
) -> Check:
    """The service comes up, says that it is ready, and answers the example.

    Proves that the command of the contract starts a process that listens on its port within
    `start_seconds`, that `health` then answers 2xx, and that the example of `predict` is answered
    with the agreed status. It runs in the phase of training, after the checks it needs, for there
    the learner may see what the service wrote. Reasons: `service_exited`, `never_listened`,
    `not_ready`, `unanswered`, `wrong_status`, and limits.

        up = service.starts(API, points=4, needs=[trains])
    """

    def judge(work: Workspace) -> None:
        service = running(work, api)
        try:
            _is_ready(service, api)
            example(service, api.predict)
        except Fail as failure:  # its log tells why, and has nothing in it but the example
            output = said(service.stop())
            raise Ended(Outcome.FAILED, failure.reason, failure.params, output=output) from None

    made = library("service_starts", judge, points, severity, needs, Kind.CONTRACT)
    return replace(made, phase=Phase.TRAIN)


def honours_contract(
    api: Api,
    *,
    points: float,
    bodies: Bodies | None = None,
    severity: Severity = Severity.MAJOR,
    needs: Sequence[Check | str] = ("service_starts",),
) -> Check:
    """The OpenAPI document is there, names every route, and the service does what it says.

    Proves that the document at `openapi` is OpenAPI 3, that each route stands in it with its
    method, that the documented request knows every field of the quest's, and that answers fit
    both the quest's model and the document's own schema. `bodies` makes requests that nobody has
    seen; without it the examples are asked. A route that is not there is not answered with 2xx,
    nor with 5xx. Reasons: `no_openapi`, `openapi_unreadable`, `route_undocumented`,
    `field_undocumented`, `wrong_status`, `answer_differs`, `document_differs`,
    `unknown_route_answered`, `unanswered`.

        contract = service.honours_contract(API, points=6)
    """

    def judge(work: Workspace) -> None:
        service = running(work, api)
        described = _openapi(service, api)
        try:
            for route in api.routes:
                _is_described(described, route)
                asked = [route.example]
                if route is api.predict and bodies is not None:
                    asked = list(bodies_of(work, bodies, route=route))
                for answer in _answers(service, route, asked):
                    _fits(described, route, answer)
        except TooMuch:
            raise Fail("openapi_unreadable", {"path": api.openapi, "rule": "too-large"}) from None
        _refuses_unknown(service)

    return library("service_contract", judge, points, severity, needs, Kind.CONTRACT)


def refuses_bad_input(
    api: Api,
    *,
    points: float,
    statuses: Sequence[int] = REFUSALS,
    severity: Severity = Severity.MAJOR,
    needs: Sequence[Check | str] = ("service_starts",),
) -> Check:
    """What breaks the contract is refused with an agreed status: no crash, and no default.

    The example of each route is broken in every way that the quest's own request model refuses: a
    field missing, null, or of another type; a list, an empty body and text in its place; no JSON.
    Each must be answered with one of `statuses`; afterwards the example is still answered. The
    share of cases refused is the share of points. Reasons: `default_answered` (a 2xx), `crashes`
    (a 5xx), `wrong_refusal`, `bad_input_unanswered`, `dead_after_bad_input`.

        refuses = service.refuses_bad_input(API, points=5)
    """

    def judge(work: Workspace) -> None:
        service = running(work, api)
        cases = [case for route in api.routes for case in broken(route)]
        heard = [(case, service.ask(case.ask)) for case in cases]
        judged = [(case, _not_refused(one, statuses)) for case, one in heard]
        bad = [(case, found) for case, found in judged if found is not None]
        alive = service.ask(api.predict.ask(api.predict.example))
        if isinstance(alive, Unanswered) or alive.status != api.predict.status:
            raise Fail("dead_after_bad_input", {"path": api.predict.path})
        if bad:
            case, (reason, status) = bad[0]
            facts: dict[str, Param] = {"bad": len(bad), "total": len(cases), "status": status}
            facts |= {"path": case.path, "case": case.name, "field": case.field}
            raise Fail(reason, facts, share=1 - len(bad) / len(cases))

    return library("service_bad_input", judge, points, severity, needs, Kind.NEGATION)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way to break a request."""

    name: str
    path: str
    field: str
    ask: Ask


def broken(route: Route) -> Iterator[Case]:
    """Break a route's example in every way that the quest's own model refuses."""
    if route.request is None or not isinstance(route.example, dict):
        return
    whole = route.example

    def case(name: str, content: bytes, field: str = "body") -> Case:
        ask = Ask(method=route.method, path=route.path, body=content, headers=JSON_TYPE)
        return Case(name=name, path=route.path, field=field, ask=ask)

    yield case("not-json", b'{"a": ')
    yield case("empty", b"")
    for name, field, body in _bodies(whole):
        if not route.accepts(body):
            yield case(name, json.dumps(body).encode(), field)


def _bodies(whole: dict[str, Json]) -> Iterator[tuple[str, str, Json]]:
    """Bodies that may break a contract: the name of the case, the field, the body."""
    yield "list", "body", [whole]
    yield "text", "body", "hello"
    yield "no-fields", "body", {}
    for field in whole:
        yield "missing", field, {key: each for key, each in whole.items() if key != field}
        yield "null", field, {**whole, field: None}
        yield "other-type", field, {**whole, field: {"a": ["b"]}}
        yield "text-for-number", field, {**whole, field: "many"}


def example(service: Running, route: Route) -> Answer:
    """Ask a route its example; it answers with its status. Raises Fail."""
    heard = service.ask(route.ask(route.example))
    answer = answered(heard, method=route.method, path=route.path)
    hold_to_status(route, answer)
    return answer


def hold_to_status(route: Route, answer: Answer) -> None:
    """Raise Fail unless an answer has its route's status."""
    if answer.status != route.status:
        facts: dict[str, Param] = {"method": route.method, "path": route.path}
        raise Fail("wrong_status", facts | {"status": answer.status, "expected": route.status})


def is_success(status: int) -> bool:
    """Whether a status is of the 2xx kind."""
    return 200 <= status < 300  # noqa: PLR2004 - of HTTP


def _is_ready(service: Running, api: Api) -> None:
    heard = service.ask(Ask(method="GET", path=api.health))
    health = answered(heard, method="GET", path=api.health)
    if not is_success(health.status):
        raise Fail("not_ready", {"path": api.health, "status": health.status})


def _openapi(service: Running, api: Api) -> Document:
    answer = answered(
        service.ask(Ask(method="GET", path=api.openapi)), method="GET", path=api.openapi
    )
    if not is_success(answer.status):
        raise Fail("no_openapi", {"path": api.openapi, "status": answer.status})
    try:
        found = Document(document(answer))
    except Unfit as broken_rule:
        facts: dict[str, Param] = {"path": api.openapi, "rule": broken_rule.rule}
        raise Fail("openapi_unreadable", facts) from None
    if not found.is_openapi:
        raise Fail("openapi_unreadable", {"path": api.openapi, "rule": "not-openapi-3"})
    return found


def _is_described(described: Document, route: Route) -> None:
    place: dict[str, Param] = {"method": route.method, "path": route.path}
    if described.operation(route.method, route.path) is None:
        raise Fail("route_undocumented", place)
    if route.request is not None:
        schema = described.request(route.method, route.path)
        wanted = route.request.model_json_schema(by_alias=True).get("properties", {})
        missing = sorted(set(wanted) - described.names(schema))
        if missing:
            place |= {"field": missing[0], "missing": len(missing)}
            raise Fail("field_undocumented", place)


def _answers(service: Running, route: Route, bodies: Sequence[Json]) -> Iterator[Answer]:
    for body in bodies:
        heard = service.ask(route.ask(body))
        answer = answered(heard, method=route.method, path=route.path)
        hold_to_status(route, answer)
        yield answer


def _fits(described: Document, route: Route, answer: Answer) -> None:
    try:
        found = route.read(answer)
    except Unfit as broken_rule:
        raise unfit(route, broken_rule) from None
    schema = described.response(route.method, route.path, route.status)
    if described.mismatch(schema, found) is not None:
        raise Fail("document_differs", {"method": route.method, "path": route.path})


def _refuses_unknown(service: Running) -> None:
    heard = service.ask(Ask(method="GET", path=_NO_ROUTE))
    answer = answered(heard, method="GET", path=_NO_ROUTE)
    if is_success(answer.status) or answer.status >= SERVER_ERROR:
        raise Fail("unknown_route_answered", {"path": _NO_ROUTE, "status": answer.status})


def _not_refused(heard: Heard, statuses: Sequence[int]) -> tuple[str, int] | None:
    """Why an answer to bad input is not the agreed one, and its status."""
    if isinstance(heard, Unanswered):
        return "bad_input_unanswered", 0
    if heard.status >= SERVER_ERROR:
        return "crashes", heard.status
    if heard.status not in statuses:
        return "default_answered" if is_success(heard.status) else "wrong_refusal", heard.status
    return None
