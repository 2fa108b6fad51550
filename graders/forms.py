"""Fill a record from a YAML file, or say in author's words where the file does not fit."""

import re
import types
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from graders.faults import Fault, QuestError, did_you_mean
from graders.marked import Marked, Plain
from graders.quest import Language

LANGUAGES: tuple[Language, ...] = ("en", "ru")


_R = TypeVar("_R", bound=BaseModel)


def fill(model: type[_R], marked: Marked, **facts: object) -> _R:
    """The record that the file states, with `facts` that no file states. Raises QuestError."""
    faults = list(_untranslated(marked, marked.data, ()))
    clash = sorted(set(facts) & set(marked.data))
    faults += [
        marked.fault((key,), "Q102", f"{key} is not for the file to state") for key in clash
    ]
    try:
        record = model.model_validate({**marked.data, **facts})
    except ValidationError as error:
        details = error.errors(include_url=False)
        keys = {detail["loc"][:-1] for detail in details if detail["loc"][-1:] == ("[key]",)}
        faults += [_fault(model, marked, one) for one in details if one["loc"] not in keys]
        raise QuestError(faults) from None
    if faults:
        raise QuestError(faults)
    return record


def _fault(model: type[BaseModel], marked: Marked, detail: ErrorDetails) -> Fault:
    where = tuple(step for step in detail["loc"] if step != "[key]")
    name = _dotted(where)
    match detail["type"]:
        case "extra_forbidden":
            known = _keys(_model_at(model, where[:-1]))
            return marked.fault(
                where, "Q102", f"{name} is not a key here{did_you_mean(str(where[-1]), known)}"
            )
        case "missing":
            mend = f"Add `{where[-1]}:` here."
            return marked.fault(where, "Q103", f"{name} is missing", mend=mend)
        case "literal_error" if detail["loc"][-1] == "[key]":
            return marked.fault(where, "Q107", f"{name}: quote the text, a comma ends it here")
        case "enum" | "literal_error":
            known = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
            found = str(detail["input"])
            message = f'{name}: "{found}"{did_you_mean(found, known)}'
            return marked.fault(where, "Q105", message, at_value=True)
    found = repr(detail["input"])
    message = f"{name}: {detail['msg']}, found {found:.60}"
    return marked.fault(where, "Q106", message, at_value=True)


def _untranslated(marked: Marked, node: Plain, where: tuple[str | int, ...]) -> Iterator[Fault]:
    """A text that lacks a language, anywhere in the file."""
    if isinstance(node, list):
        for number, value in enumerate(node):
            yield from _untranslated(marked, value, (*where, number))
    if not isinstance(node, dict):
        return
    if node and set(node) <= set(LANGUAGES):
        for language in LANGUAGES:
            text = node.get(language)
            if not isinstance(text, str) or not text.strip():
                message = f"{_dotted(where)} has no text in: {language}"
                mend = f"Write `{language}:` beside the other language."
                yield marked.fault(where, "Q104", message, mend=mend)
        return
    for key, value in node.items():
        yield from _untranslated(marked, value, (*where, key))


def _dotted(where: Sequence[str | int]) -> str:
    text = ""
    for step in where:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _model_at(model: Any, where: Sequence[str | int]) -> Any:  # noqa: ANN401 - a type, any type
    """The annotation that a place in the file is read into."""
    for step in where:
        model = _bare(model)
        if isinstance(model, type) and issubclass(model, BaseModel):
            if "root" in model.model_fields:
                model = _bare(model.model_fields["root"].annotation)
                model = get_args(model)[1]
                continue
            fields = {field.alias or name: field for name, field in model.model_fields.items()}
            model = fields[str(step)].annotation if str(step) in fields else None
        elif get_origin(model) is dict:
            model = get_args(model)[1]
        elif get_origin(model) in (tuple, list):
            model = get_args(model)[0]
    return _bare(model)


def _bare(annotation: Any) -> Any:  # noqa: ANN401 - a type, any type
    """The annotation without "or None"."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(arg for arg in get_args(annotation) if arg is not type(None))
    return annotation


def _keys(model: object) -> list[str]:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    return [field.alias or name for name, field in model.model_fields.items()]
