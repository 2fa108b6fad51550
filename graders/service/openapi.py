"""Reads the OpenAPI document that a learner's service shows, and holds answers to it.

The document is a stranger's JSON: every look into it is total, follows at most a few references,
and takes a bounded number of steps. Of JSON Schema it knows what FastAPI writes and people use;
a keyword that it does not know holds nothing back (patterns are not run: they can take for ever).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sandbox.interface import Json

MOST_STEPS = 300_000
DEEPEST = 100
MOST_REFERENCES = 20
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


class TooMuch(Exception):
    """The document is larger or deeper than any that people write."""


@dataclass
class Document:
    """An OpenAPI document, version 3."""

    value: Json
    _steps: int = field(default=0)

    @property
    def is_openapi(self) -> bool:
        """Whether it says that it is one, and has paths."""
        version = _look(self.value, "openapi")
        paths = _look(self.value, "paths")
        return isinstance(version, str) and version.startswith("3.") and isinstance(paths, dict)

    def operation(self, method: str, path: str) -> Json:
        """What it says of a route; None when it says nothing."""
        return _look(self.value, "paths", path, method.lower())

    def request(self, method: str, path: str) -> Json:
        """The schema of a route's body; None when it says none."""
        body = self._resolved(_look(self.operation(method, path), "requestBody"))
        return _content(_look(body, "content"))

    def response(self, method: str, path: str, status: int) -> Json:
        """The schema of a route's answer; None when it says none."""
        found = _look(self.operation(method, path), "responses")
        answer = _look(found, str(status)) or _look(found, "default")
        return _content(_look(self._resolved(answer), "content"))

    def names(self, schema: Json) -> set[str]:
        """The properties that a schema knows, those of its parts included. Raises TooMuch."""
        self._steps = 0
        return set(self._names(schema, depth=0))

    def mismatch(self, schema: Json, value: Json, place: str = "body") -> str | None:
        """Where a value is not what a schema says; None when it fits. Raises TooMuch."""
        self._steps = 0
        return self._mismatch(schema, value, place, 0)

    def _mismatch(self, schema: Json, value: Json, place: str, depth: int) -> str | None:
        self._step(depth)
        found = self._resolved(schema)
        if not isinstance(found, dict):
            return None  # true, or what is no schema: it says nothing
        if not _has_type(found, value) or not _is_listed(found, value):
            return place
        parts = self._parts(found, value, place, depth + 1)
        return next((where for where in parts if where is not None), None)

    def _parts(
        self, schema: Mapping[str, Json], value: Json, place: str, depth: int
    ) -> Iterator[str | None]:
        for part in _list(schema.get("allOf")):
            yield self._mismatch(part, value, place, depth)
        for word in ("anyOf", "oneOf"):
            choices = _list(schema.get(word))
            if choices and all(self._mismatch(one, value, place, depth) for one in choices):
                yield place
        if isinstance(value, dict):
            yield from self._of_object(schema, value, place, depth)
        if isinstance(value, list) and isinstance(schema.get("items"), dict):
            for each in value:
                yield self._mismatch(schema["items"], each, place, depth)

    def _of_object(
        self, schema: Mapping[str, Json], value: Mapping[str, Json], place: str, depth: int
    ) -> Iterator[str | None]:
        properties = schema.get("properties")
        known: Mapping[str, Json] = properties if isinstance(properties, dict) else {}
        for name in _list(schema.get("required")):
            if isinstance(name, str) and name not in value:
                yield place
        for name, each in value.items():
            if name in known:
                yield self._mismatch(known[name], each, f"{place}.{name}", depth)
            elif schema.get("additionalProperties") is False:
                yield place

    def _names(self, schema: Json, *, depth: int) -> Iterator[str]:
        self._step(depth)
        found = self._resolved(schema)
        if not isinstance(found, dict):
            return
        properties = found.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        for word in ("allOf", "anyOf", "oneOf"):
            for part in _list(found.get(word)):
                yield from self._names(part, depth=depth + 1)

    def _step(self, depth: int) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS or depth > DEEPEST:
            raise TooMuch

    def _resolved(self, schema: Json) -> Json:
        """Follow references inside the document; one that leads nowhere says nothing."""
        for _ in range(MOST_REFERENCES):
            reference = _look(schema, "$ref")
            if not isinstance(reference, str):
                return schema
            if not reference.startswith("#/"):
                return None
            steps = [
                step.replace("~1", "/").replace("~0", "~") for step in reference[2:].split("/")
            ]
            schema = _look(self.value, *steps)
        return None


def _look(node: Json, *names: str) -> Json:
    for name in names:
        if not isinstance(node, dict):
            return None
        node = node.get(name)
    return node


def _list(node: Json) -> list[Json]:
    return node if isinstance(node, list) else []


def _content(content: Json) -> Json:
    """The schema of a JSON body."""
    return _look(content, "application/json", "schema")


def _has_type(schema: Mapping[str, Json], value: Json) -> bool:
    said = schema.get("type")
    words = said if isinstance(said, list) else [said]
    known = [word for word in words if isinstance(word, str) and word in _TYPES]
    if not known or (value is None and schema.get("nullable") is True):
        return True
    return any(_is(value, word) for word in known)


def _is(value: Json, word: str) -> bool:
    if isinstance(value, bool):
        return word == "boolean"
    if word == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[word])


def _is_listed(schema: Mapping[str, Json], value: Json) -> bool:
    if "const" in schema and schema["const"] != value:
        return False
    listed = schema.get("enum")
    return not isinstance(listed, list) or value in listed
