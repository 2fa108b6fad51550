"""Reading a stranger's OpenAPI document: what it says of routes and answers, and that it ends."""

from typing import Any

import pytest

from graders.service.openapi import Document, TooMuch

SCORE = {
    "type": "object",
    "required": ["id", "score"],
    "properties": {
        "id": {"type": "integer"},
        "score": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
    },
    "additionalProperties": False,
}
ROW = {"allOf": [{"properties": {"age": {}}}, {"$ref": "#/components/schemas/Base"}]}


def document(**schemas: Any) -> Document:
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Row"}}}}
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Score"}}}}
    post: Any = {"requestBody": body, "responses": {"200": answer}}
    known: Any = {"Score": SCORE, "Row": ROW, "Base": {"properties": {"id": {}}}, **schemas}
    return Document(
        {
            "openapi": "3.1.0",
            "paths": {"/predict": {"post": post}},
            "components": {"schemas": known},
        }
    )


def mismatch(value: Any, **schemas: Any) -> str | None:
    read = document(**schemas)
    return read.mismatch(read.response("POST", "/predict", 200), value)


def test_routes_and_the_fields_of_their_bodies_are_found() -> None:
    read = document()
    assert read.is_openapi
    assert read.operation("POST", "/predict") is not None
    assert read.operation("GET", "/predict") is None
    assert read.operation("POST", "/other") is None
    assert read.names(read.request("POST", "/predict")) == {"age", "id"}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"id": 1, "score": 0.5}, None),
        ({"id": 1, "score": None, "tags": ["a", "b"]}, None),
        ({"id": 1.0, "score": 1}, None),
        ({"id": True, "score": 1}, "body.id"),
        ({"id": 1.5, "score": 1}, "body.id"),
        ({"id": 1, "score": "high"}, "body.score"),
        ({"id": 1}, "body"),
        ({"id": 1, "score": 1, "more": 1}, "body"),
        ({"id": 1, "score": 1, "tags": ["c"]}, "body.tags"),
        ({"id": 1, "score": 1, "tags": {}}, "body.tags"),
        ([], "body"),
        (None, "body"),
    ],
)
def test_an_answer_fits_its_schema_or_the_place_is_named(value: Any, place: str | None) -> None:
    assert mismatch(value) == place


@pytest.mark.parametrize("schema", [True, None, [], "x", {"type": 5}, {"type": "colour"},
                                    {"$ref": "elsewhere.json"}, {"$ref": "#/no/where"},
                                    {"properties": [], "required": {}, "anyOf": {}}])  # fmt: skip
def test_a_schema_that_says_nothing_holds_nothing_back(schema: Any) -> None:
    assert mismatch({"id": 1}, Score=schema) is None


@pytest.mark.parametrize(
    "score",
    [
        {"allOf": [{"$ref": "#/components/schemas/Score"}]},
        {"anyOf": [{"$ref": "#/components/schemas/Score"}] * 9},
        {"properties": {"id": {"allOf": [{"$ref": "#/components/schemas/Score"}] * 9}},
         "allOf": [{"$ref": "#/components/schemas/Score"}] * 9},
    ],
)  # fmt: skip
def test_a_schema_that_never_ends_is_too_much(score: Any) -> None:
    with pytest.raises(TooMuch):
        mismatch({"id": {"id": 1}}, Score=score)
    with pytest.raises(TooMuch):
        document(Row=score, Score=score).names({"$ref": "#/components/schemas/Row"})


def test_references_that_go_round_lead_nowhere() -> None:
    assert mismatch({"id": 1}, Score={"$ref": "#/components/schemas/Score"}) is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        3,
        {"openapi": "2.0", "paths": {}},
        {"openapi": "3.1.0", "paths": []},
        {"swagger": "2.0"},
    ],
)
def test_what_is_no_openapi_is_told(value: Any) -> None:
    read = Document(value)
    assert not read.is_openapi
    assert read.operation("POST", "/predict") is None
    assert read.response("POST", "/predict", 200) is None
