"""Every message that a quest can show, with example parameters: for an author's eyes.

A text with plural forms is shown for 1, 2 and 5: Russian has three forms, and each must read
well. An enum is shown with each of its words.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from graders.checking import Check
from graders.loading import load_checks
from graders.messages import Catalogue, Message, Reason, library_texts, load_catalogue, render
from graders.quest import Language, Quest, Stage
from graders.results import CheckResult, Kind, Outcome, Param, Phase, Severity
from graders.texts import ParamType

_COUNTS = (1, 2, 5)  # one, few, many
_WORDS: Mapping[str, str] = {
    "identifier": "days_inactive",
    "identifiers": "user_id, price_rub",
    "path": "model.py",
}
_NUMBERS: Mapping[str, float] = {
    "id": 40_317,
    "float": 0.731,
    "percent": 0.123,
    "money": 1_234,
    "seconds": 4.2,
    "megabytes": 512,
}


@dataclass(frozen=True, kw_only=True)
class Example:
    """One message with example parameters: the result, and what is read of it."""

    result: CheckResult
    messages: Mapping[Language, Message]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A reason of a check (or the sentence of a pass), in as many examples as it takes."""

    reason: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, kw_only=True)
class Hung:
    """A check and all that it can say."""

    name: str
    about: str
    severity: Severity
    kind: Kind
    phase: Phase | None
    reasons: tuple[Shown, ...]


def gallery(quest: Quest, stage: Stage) -> list[Hung]:
    """The checks of a stage with every message of their own. Raises QuestError."""
    catalogue = load_catalogue(quest, stage)
    return [
        Hung(
            name=check.name,
            about=check.about,
            severity=check.severity,
            kind=check.kind,
            phase=check.phase,
            reasons=tuple(_shown(quest, stage, check, catalogue)),
        )
        for check in load_checks(quest, stage)
    ]


def common(quest: Quest, stage: Stage) -> list[Shown]:
    """What any check may say, whoever wrote it: how a learner's code can end."""
    check = load_checks(quest, stage)[0]
    return [
        _reason(quest, stage, check, name, reason)
        for name, reason in sorted(library_texts().reasons.items())
    ]


def _shown(quest: Quest, stage: Stage, check: Check, catalogue: Catalogue) -> Iterator[Shown]:
    passed = replace(_result(check), outcome=Outcome.PASSED, points=check.points)
    yield Shown(reason="passed", examples=(_example(quest, stage, passed),))
    texts = (catalogue.own.get(check.name), catalogue.library.checks.get(check.name))
    reasons = {name: one for text in reversed(texts) if text for name, one in text.reasons.items()}
    for name, reason in reasons.items():
        yield _reason(quest, stage, check, name, reason)


def _reason(quest: Quest, stage: Stage, check: Check, name: str, reason: Reason) -> Shown:
    result = replace(_result(check), reason=name)
    if check.severity is Severity.PRAISE:
        result = replace(result, outcome=Outcome.PASSED, points=check.points)
    return Shown(
        reason=name,
        examples=tuple(
            _example(quest, stage, replace(result, params=params)) for params in _params(reason)
        ),
    )


def _params(reason: Reason) -> Iterator[dict[str, Param]]:
    """Example parameters: one set, or more where plural forms or an enum's words ask for it."""
    texts = [text for text in (reason.what, reason.why) if text]
    plural = any("|" in line for text in texts for line in text.values())
    words = max((len(kind.words) for kind in reason.types.values()), default=0)
    for number in range(max(len(_COUNTS) if plural else 1, words)):
        yield {
            name: kind.clean(_sample(kind, number, plural=plural))
            for name, kind in reason.types.items()
        }


def _sample(kind: ParamType, number: int, *, plural: bool) -> Param:
    if kind.words:
        return kind.words[number % len(kind.words)]
    if kind.kind == "int":
        return _COUNTS[number % len(_COUNTS)] if plural else 37
    return _WORDS.get(kind.kind) or _NUMBERS[kind.kind]


def _example(quest: Quest, stage: Stage, result: CheckResult) -> Example:
    languages: tuple[Language, ...] = ("en", "ru")
    return Example(
        result=result,
        messages={language: render(quest, stage, result, language) for language in languages},
    )


def _result(check: Check) -> CheckResult:
    return CheckResult(
        check=check.name,
        group=check.group,
        phase=check.phase or Phase.PUBLIC,
        kind=check.kind,
        severity=check.severity,
        outcome=Outcome.FAILED,
        points=0.0,
        max_points=check.points,
    )
