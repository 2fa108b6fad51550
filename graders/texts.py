"""Numbers and words in a learner's language: typed parameters, plurals, typography, style."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graders.faults import Fault, did_you_mean
from graders.forms import LANGUAGES
from graders.marked import Marked
from graders.quest import Language, Text
from graders.results import Param

NBSP = "\N{NO-BREAK SPACE}"
MOST_WORDS = 90

_KINDS = (
    "int",
    "id",
    "float",
    "percent",
    "money",
    "seconds",
    "megabytes",
    "identifier",
    "identifiers",
    "path",
    "enum",
)
_SPELLED = re.compile(r"(?P<kind>[a-z]+)(?:\((?P<digits>[0-6])\)|\[(?P<words>[^\]]+)\])?")
_SLOT = re.compile(r"\{(?P<name>[a-z_][a-z0-9_]*)(?:\|(?P<forms>[^{}]*))?\}")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/()-]{0,99}")
_PATH = re.compile(r"[A-Za-z0-9_./-]{1,160}")
_FORBIDDEN = {
    "en": re.compile(r"\b(wrong|obviously|just|simply|submission|you forgot)\b|!(?!=)", re.I),
    "ru": re.compile(r"\b(неправильно|очевидно|просто|сабмит\w*|вы забыли)\b|\bВы\b|\bВаш|!(?!=)"),
}
_UNITS: dict[str, dict[Language, str]] = {
    "seconds": {"en": "s", "ru": "с"},
    "megabytes": {"en": "MB", "ru": "МБ"},
}
_CODE = re.compile(r"`[^`]*`")


@dataclass(frozen=True, kw_only=True)
class ParamType:
    """The declared type of a parameter."""

    kind: str
    digits: int = 3
    words: tuple[str, ...] = ()

    def clean(self, value: Param) -> Param:
        """The value as it may be stored and shown. Raises TypeError or ValueError.

        A name that is not a plain one is replaced by "?": it may be the learner's own.
        """
        if self.kind == "identifier":
            return value if _IDENTIFIER.fullmatch(str(value)) else "?"
        if self.kind == "identifiers":
            names = [name.strip() for name in str(value).split(",")]
            return ", ".join(n if _IDENTIFIER.fullmatch(n) else "?" for n in names[:12])
        if self.kind == "path":
            return value if _PATH.fullmatch(str(value)) else "?"
        if self.kind == "enum":
            return self._word(value)
        return self._number(value)

    def _word(self, value: Param) -> Param:
        if value not in self.words:
            raise ValueError(f"{value!r} is none of {', '.join(self.words)}")
        return value

    def _number(self, value: Param) -> Param:
        if isinstance(value, str) or not math.isfinite(value):
            raise TypeError(f"{value!r} is not a finite number")
        if self.kind in ("int", "id"):
            if value != int(value):
                raise ValueError(f"{value!r} is not a whole number")
            return int(value)
        digits = {"money": 0, "megabytes": 0, "seconds": 1}.get(self.kind, self.digits)
        return round(float(value), digits)


def param_type(spelled: str) -> ParamType:
    """Read the spelling of a type. Raises ValueError, naming the nearest kind."""
    match = _SPELLED.fullmatch(spelled.strip())
    kind = match["kind"] if match else spelled
    if match is None or kind not in _KINDS:
        raise ValueError(f'there is no type "{spelled}"{did_you_mean(kind, _KINDS)}')
    words = tuple(word.strip() for word in (match["words"] or "").split(",") if word.strip())
    if (kind == "enum") != bool(words) or (match["digits"] and kind != "float"):
        raise ValueError(f'"{spelled}" is not spelled like enum[a, b] or float(2)')
    return ParamType(kind=kind, digits=int(match["digits"] or 3), words=words)


def fill_in(
    text: str,
    params: Mapping[str, Param],
    types: Mapping[str, ParamType],
    language: Language | None,
) -> str:
    """Fill the slots of a text; without a language, as a shell would read them."""

    def slot(match: re.Match[str]) -> str:
        name, forms = match["name"], match["forms"]
        if name not in params:
            return match[0]
        if forms is not None:
            return _plural(params[name], forms.split("|"))
        return show(params[name], types.get(name), language)

    return _SLOT.sub(slot, text)


def show(value: Param, kind: ParamType | None, language: Language | None) -> str:
    """A value in words of a language."""
    if isinstance(value, str | bool) or language is None or (kind and kind.kind == "id"):
        return str(value)
    name = kind.kind if kind else "float"
    if name == "percent":
        return f"{_digits(round(100 * value, 1), 1, language)}{NBSP}%"
    if name == "money":
        amount = _digits(value, 0, language)
        return f"{amount}{NBSP}₽" if language == "ru" else f"₽{amount}".replace("₽-", "-₽")
    unit = _UNITS.get(name, {}).get(language)
    if unit:
        return f"{_digits(value, 1, language)}{NBSP}{unit}"
    return _digits(value, kind.digits if kind else 3, language)


def _digits(value: float, digits: int, language: Language) -> str:
    text = f"{value:,.{digits}f}"
    if "." in text:
        text = text.rstrip("0").removesuffix(".")
    if language == "ru":
        text = text.replace(",", NBSP).replace(".", ",")
    return "0" if text == "-0" else text


def _plural(value: Param, forms: list[str]) -> str:
    """The form that fits a number: two forms as in English, three as in Russian."""
    if isinstance(value, str) or len(forms) < len(("one", "few", "many")):
        return forms[0] if value == 1 else forms[-1]
    if value != int(value):
        return forms[1]
    whole = abs(int(value))
    if whole % 100 in (11, 12, 13, 14):
        return forms[2]
    return forms[{1: 0, 2: 1, 3: 1, 4: 1}.get(whole % 10, 2)]


def typeset(text: str, language: Language) -> str:
    """Non-breaking spaces where a line must not end, outside code."""
    text = " ".join(text.split(" ")).strip()
    pieces = re.split(r"(`[^`]*`)", text.replace("\n", " "))
    return "".join(p if p.startswith("`") else _bind(p, language) for p in pieces)


def _bind(text: str, language: Language) -> str:
    text = re.sub(r"(?<=\d) (?=[%₽A-Za-zА-Яа-яё])", NBSP, text)
    text = re.sub(r" (?=[—–])", NBSP, text)
    if language == "ru":
        text = re.sub(
            r"(?<![А-Яа-яё])([А-Яа-яё]{1,2}) (?=[А-Яа-яёA-Za-z0-9`])", rf"\1{NBSP}", text
        )
    return text


def text_faults(
    marked: Marked,
    where: tuple[str, ...],
    parts: Mapping[tuple[str, ...], Text],
    params: Mapping[str, str],
) -> Iterator[Fault]:
    """Where texts break the style guide or use a parameter that nobody declares."""
    for name, spelled in params.items():
        try:
            param_type(spelled)
        except ValueError as error:
            yield marked.fault((*where, "params", name), "M111", f"{name}: {error}")
    for language in LANGUAGES:
        words = sum(count_words(text[language]) for text in parts.values())
        if words > MOST_WORDS:
            yield marked.fault(
                where, "M113", f"the message has {words} words in {language}; at most {MOST_WORDS}"
            )
    for path, text in parts.items():
        for language in LANGUAGES:
            yield from _line_faults(
                marked, (*where, *path, language), text[language], params, language
            )


def slot_names(text: str) -> list[str]:
    """The parameters that a text takes, in order."""
    return [match["name"] for match in _SLOT.finditer(text)]


def count_words(text: str) -> int:
    """How many words a reader reads; a piece of code is one."""
    return sum(any(c.isalnum() for c in word) for word in _CODE.sub("code", text).split())


def _line_faults(
    marked: Marked,
    where: tuple[str, ...],
    text: str,
    params: Mapping[str, str],
    language: Language,
) -> Iterator[Fault]:
    for match in _SLOT.finditer(text):
        if match["name"] not in params:
            known = f"; declared: {', '.join(params)}" if params else "; none is declared"
            message = f"{{{match['name']}}} is not a param{known}"
            yield marked.fault(where, "M112", message, word=match[0])
        forms = match["forms"]
        if forms is not None and len(forms.split("|")) != (3 if language == "ru" else 2):
            message = f"{match[0]}: English has two plural forms, Russian three"
            yield marked.fault(where, "M116", message, word=match[0])
    prose = _CODE.sub("", text)
    banned = _FORBIDDEN[language].search(prose)
    if banned:
        message = f'"{banned[0]}" blames or belittles; say the fact'
        yield marked.fault(where, "M114", message, word=banned[0])
    if language == "ru" and '"' in prose:
        yield marked.fault(where, "M115", "Russian quotation marks are «ёлочки»", at_value=True)
