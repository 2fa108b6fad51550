"""How messages are written: what a loading quest lets pass and a good one does not."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from graders.checking import Check
from graders.faults import Fault, did_you_mean
from graders.forms import LANGUAGES, fill
from graders.marked import Marked, read_marked
from graders.messages import (
    LIBRARY,
    Catalogue,
    CheckTexts,
    LibraryTexts,
    Reason,
    library_texts,
)
from graders.quest import Language, Quest, Text
from graders.results import Severity
from graders.scanning import Named, reasons_by_check, reasons_of_libraries
from graders.texts import slot_names

_FILES: Final = ("checks.py", "hidden_checks.py")
_COSTLY: Final = (Severity.BLOCKER, Severity.MAJOR)
_SHARES: Final = ("partial", "failed")  # what a bare share is explained by
_LONGEST_LESSON: Final = 5  # minutes
_MOST_SENTENCES: Final = 3
_CODE: Final = re.compile(r"`[^`]*`")
_SENTENCE: Final = re.compile(r"[.?!…][»”\"')]*(?=\s|$)")
_MANY: Final = ("total", "limit", "asked")  # never one
_NO_NOUNS: Final = frozenset(
    (
        *("has", "was", "does", "times", "его", "раз", "для", "при", "или", "они", "был", "были"),
        *("это", "этот", "эти", "после", "вместо", "против", "без", "под", "над", "как", "чем"),
    )
)
_WORD: Final = re.compile(r"\b[A-Za-z]{3,}\b")
_CYRILLIC: Final = re.compile(r"[А-Яа-яЁё]")

# What a stakeholder stumbles over, and what to write instead.
_JARGON: dict[Language, dict[str, str]] = {
    "en": {
        r"utili[sz]e\w*": "use",
        r"leverag\w+": "use",
        r"performant": "fast",
        r"productioni[sz]\w+": "put into production",
        r"idempotent\w*": "safe to repeat",
        r"non-trivial\w*": "what is hard about it",
        r"sub-?optimal\w*": "what it costs",
        r"under the hood": "inside",
        r"best practices?": "the reason itself",
        r"sanity check\w*": "check",
    },
    "ru": {
        r"сабми\w+": "отправка, попытка",
        r"юзер\w*": "пользователь",
        r"э?ксепш\w+": "исключение",
        r"имплемент\w+": "реализация",
        r"консистентн\w+": "согласованный",
        r"перформанс\w*": "быстродействие",
        r"дефолтн\w+": "по умолчанию",
        r"апдейт\w*": "обновление",
        r"(по)?фиксит\w*": "исправить",
        r"фейл\w*": "сбой, неудача",
        r"перфоман\w+": "быстродействие",
        r"оверхед\w*": "накладные расходы",
        r"экспириенс\w*": "опыт",
        r"данный|данная|данное|данные\s+(?:функци|файл|метод|провер)\w*": "этот, эта",
    },
}
_PATTERNS: dict[Language, re.Pattern[str]] = {
    language: re.compile(rf"\b(?:{'|'.join(words)})\b", re.I)
    for language, words in _JARGON.items()
}


def wording_faults(
    quest: Quest, folder: Path, checks: Sequence[Check], catalogue: Catalogue
) -> Iterator[Fault]:
    """Faults of a stage's own messages."""
    lessons = {path.name.split(".")[0] for path in quest.folder.glob("lessons/*.md")}
    named: dict[str, list[Named]] = {}
    for file in _FILES:
        if (folder / file).is_file():
            named |= reasons_by_check(folder / file)
    marked = catalogue.marked
    by_name = {check.name: check for check in checks}
    for name, texts in catalogue.own.items():
        yield from _text_faults(marked, (name,), _headings(texts), {})
        for reason, message in texts.reasons.items():
            where = (name, "reasons", reason)
            yield from _reason_faults(marked, where, message)
            yield from _lesson_faults(marked, where, message, lessons)
            check = by_name.get(name)
            if check is None:
                continue
            praised = {n.reason for n in named.get(name, []) if n.praise}
            if check.severity in _COSTLY and reason not in praised:
                yield from _part_faults(marked, where, message, check.severity)
            yield from _idle_fault(marked, where, named.get(name))


def library_faults() -> Iterator[Fault]:
    """Faults of the messages that the libraries bring, by the same rules."""
    for path in sorted(LIBRARY.glob("*.yaml")):
        marked = read_marked(path)
        texts = fill(LibraryTexts, marked)
        for name, check in texts.checks.items():
            yield from _text_faults(marked, ("checks", name), _headings(check), {})
            for reason, message in check.reasons.items():
                way = ("checks", name, "reasons", reason)
                yield from _reason_faults(marked, way, message)
        for reason, message in texts.reasons.items():
            yield from _reason_faults(marked, ("reasons", reason), message)


def _headings(texts: CheckTexts) -> dict[tuple[str, ...], Text]:
    found: dict[tuple[str, ...], Text] = {("title",): texts.title, ("brief",): texts.brief}
    return found | ({("passed",): texts.passed} if texts.passed else {})


def _reason_faults(marked: Marked, where: tuple[str, ...], reason: Reason) -> Iterator[Fault]:
    parts: dict[tuple[str, ...], Text] = {("what",): reason.what}
    if reason.why:
        parts["why",] = reason.why
    if isinstance(reason.reproduce, dict):
        parts["reproduce",] = reason.reproduce
    yield from _text_faults(marked, where, parts, reason.params)
    bodies = [body for text in parts.values() for body in text.values()]
    used = {name for body in (*bodies, str(reason.reproduce)) for name in slot_names(body)}
    for name in reason.params:
        if name not in used:
            message = f'the param "{name}" stands in no part of the message'
            yield marked.fault((*where, "params", name), "M124", message)


def _lesson_faults(
    marked: Marked, where: tuple[str, ...], reason: Reason, lessons: set[str]
) -> Iterator[Fault]:
    if reason.learn is None:
        return
    if reason.learn.lesson not in lessons:
        hint = did_you_mean(reason.learn.lesson, lessons)
        message = f'there is no lesson "{reason.learn.lesson}"{hint}'
        yield marked.fault((*where, "learn"), "M120", message, word=reason.learn.lesson)
    if not 1 <= reason.learn.minutes <= _LONGEST_LESSON:
        message = f"a lesson takes 1 to {_LONGEST_LESSON} minutes, not {reason.learn.minutes}"
        yield marked.fault((*where, "learn"), "M121", message, word="minutes")


def _part_faults(
    marked: Marked, where: tuple[str, ...], reason: Reason, severity: Severity
) -> Iterator[Fault]:
    """The four parts: what and why always, and a way on from here."""
    if reason.why is None and severity is Severity.MAJOR:  # a blocker does not even load
        message = f"{where[0]}.{where[-1]}: say why it matters in production"
        yield marked.fault(where, "M118", message)
    if reason.reproduce is None:
        message = f"{where[0]}.{where[-1]} does not say how to see it again"
        yield marked.fault(where, "M119", message)


def _idle_fault(
    marked: Marked, where: tuple[str, ...], named: list[Named] | None
) -> Iterator[Fault]:
    """A reason that no line of the check names, nor a library that it may call."""
    if named is None:  # a check of a library, whose reasons are the library's
        texts = library_texts().checks.get(where[0])
        known = set(texts.reasons) if texts else set()
    else:
        known = {place.reason for place in named if place.reason}
    reason = where[-1]
    if reason in known or reason in _SHARES or reason in reasons_of_libraries():
        return
    if named is not None and any(place.reason is None for place in named):
        return  # one is not written out, which is a fault of its own
    message = f'nothing names the reason "{reason}"{did_you_mean(reason, known)}'
    yield marked.fault(where, "M122", message)


def _text_faults(
    marked: Marked,
    where: tuple[str, ...],
    parts: Mapping[tuple[str, ...], Text],
    params: Mapping[str, str],
) -> Iterator[Fault]:
    for path, text in parts.items():
        way = (*where, *path)
        if text["en"] == text["ru"] and _CODE.sub("", text["en"]).strip(" .{}"):
            message = "the Russian text is the English one"
            yield marked.fault((*way, "ru"), "M125", message, at_value=True)
        elif _CYRILLIC.search(_CODE.sub("", text["en"])):
            message = "there is Russian in the English text"
            yield marked.fault((*way, "en"), "M125", message, at_value=True)
        elif (
            not _CYRILLIC.search(text["ru"]) and len(_WORD.findall(_CODE.sub("", text["ru"]))) > 1
        ):
            message = "there is no Russian in the Russian text"
            yield marked.fault((*way, "ru"), "M125", message, at_value=True)
        one, other = slot_names(text["en"]), slot_names(text["ru"])
        for name in sorted(set(one) ^ set(other)):
            language = "ru" if name in one else "en"
            message = f"{{{name}}} is missing in: {language}"
            yield marked.fault((*way, language), "M123", message, at_value=True)
        for language in LANGUAGES:
            yield from _style_faults(marked, (*way, language), text[language], language)
            yield from _plural_faults(marked, (*way, language), text[language], params)


def _style_faults(
    marked: Marked, where: tuple[str, ...], text: str, language: Language
) -> Iterator[Fault]:
    prose = _CODE.sub("", text)
    found = _PATTERNS[language].search(prose)
    if found:
        better = next(
            word
            for pattern, word in _JARGON[language].items()
            if re.fullmatch(pattern, found[0], re.I)
        )
        message = f'"{found[0]}" is jargon; say: {better}'
        yield marked.fault(where, "M126", message, word=found[0])
    sentences = len(_SENTENCE.findall(prose))
    if sentences > _MOST_SENTENCES:
        message = (
            f"{sentences} sentences in one part; two are read, {_MOST_SENTENCES} are the most"
        )
        yield marked.fault(where, "M127", message, at_value=True)


def _plural_faults(
    marked: Marked, where: tuple[str, ...], text: str, params: Mapping[str, str]
) -> Iterator[Fault]:
    """A counted noun that has one form only: “1 rows”."""
    for name, kind in params.items():
        if kind != "int":
            continue
        noun = r"[а-яё]{3,}" if where[-1] == "ru" else r"[a-z]{3,}s"
        found = re.search(rf"\{{{name}\}} (?P<noun>{noun})\b", text)
        never_one = name in _MANY and (where[-1] == "en" or f"из {{{name}}}" in text)
        if found and not never_one and found["noun"] not in _NO_NOUNS:
            message = f'"{found[0]}" reads "1 {found["noun"]}" for one; use {{{name}|…|…}}'
            yield marked.fault(where, "M128", message, word=found[0])
