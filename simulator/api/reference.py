"""The page of the API: every operation with its forms, drawn from the same OpenAPI document.

It is plain HTML: the usual pages of documentation bring scripts that the content security policy
refuses, and they cannot be read without.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from simulator.api.endpoints import api

METHODS: Final = ("get", "post", "put", "delete")


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a body looks like."""

    name: str
    about: str
    fields: tuple[tuple[str, str, bool], ...]  # name, type, whether it must be there


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that the API does."""

    method: str
    path: str
    summary: str
    about: str
    open: bool  # whether it asks for no token
    parameters: tuple[tuple[str, str, bool], ...]
    takes: str
    gives: tuple[tuple[str, str], ...] = field(default=())  # status, form


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The API for people; `/api/openapi.json` is the same for programs."""
    document = api.get_openapi_schema()
    context = {"operations": [*operations(document)], "forms": [*forms(document)]}
    return render(request, "api/reference.html", context)


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """The operations of an OpenAPI document, in its order."""
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield _operation(path, method, methods[method])


def forms(document: Mapping[str, Any]) -> Iterator[Form]:
    """The forms of an OpenAPI document, by name."""
    for name, schema in sorted(document["components"]["schemas"].items()):
        needed = schema.get("required", [])
        fields = schema.get("properties", {})
        yield Form(
            name=name,
            about=schema.get("description", ""),
            fields=tuple((key, kind(about), key in needed) for key, about in fields.items()),
        )


def kind(schema: Mapping[str, Any]) -> str:
    """A type in a few words: ``list of Check``, ``number or null``."""
    match schema:
        case {"$ref": reference}:
            said = str(reference).rpartition("/")[2]
        case {"anyOf": several}:
            said = " or ".join(kind(each) for each in several)
        case {"enum": words}:
            said = ", ".join(f'"{word}"' for word in words)
        case {"const": word}:
            said = f'"{word}"'
        case {"type": "array"}:
            said = f"list of {kind(schema.get('items', {}))}"
        case {"additionalProperties": dict(values)}:
            said = f"by name, {kind(values)}"
        case _:
            said = str(schema.get("format") or schema.get("type") or "anything")
    return said


def _operation(path: str, method: str, found: Mapping[str, Any]) -> Operation:
    return Operation(
        method=method.upper(),
        path=path,
        summary=found.get("summary", ""),
        about=found.get("description", ""),
        open=not found.get("security"),
        parameters=tuple(
            (each["name"], kind(each.get("schema", {})), bool(each.get("required")))
            for each in found.get("parameters", [])
        ),
        takes=_body(found.get("requestBody", {})),
        gives=tuple(
            (status, _body(answer)) for status, answer in found.get("responses", {}).items()
        ),
    )


def _body(holder: Mapping[str, Any]) -> str:
    for content in holder.get("content", {}).values():
        return kind(content.get("schema", {}))
    return ""
