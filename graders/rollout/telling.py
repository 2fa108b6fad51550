"""Tell a rollout: the headline in words, the money with its interval, and the data of the page."""

from collections.abc import Mapping

from graders.forms import LANGUAGES
from graders.quest import Language, Text
from graders.readouts import GuardrailLine, Line, Readout, SegmentLine, significant
from graders.rollout.machine import Rollout
from graders.rollout.markets import Shared
from graders.rollout.states import Experiment, Reveal
from graders.rollout.worlds import Case
from graders.texts import NBSP

MONTHS = 12
_LINES: Mapping[str, Text] = {
    "policy": {"en": "yours", "ru": "ваша политика"},
    "best": {"en": "ceiling: everything known", "ru": "потолок: всё известно заранее"},
}


def readout(rollout: Rollout, *, decision: str, enough: float) -> Readout:
    """What the page shows. `enough` is the capture below which skill is not worth a headline."""
    found, truth, case = rollout.ab, rollout.truth, rollout.world.case
    effect = found.effect
    month = effect.value * case.monthly
    said = headline(found, truth, case, enough=enough)
    if isinstance(rollout.world, Shared) and rollout.plan.unit == rollout.world.shared_unit:
        said = _shares(found, truth, case)
    return Readout(
        headline=said,
        money=money(found, truth, case),
        decision=decision,
        effect=significant(effect.value),
        low=significant(effect.low),
        high=significant(effect.high),
        month=significant(month),
        year=significant(month * MONTHS),
        true_effect=significant(truth.effect),
        capture=significant(truth.capture, 2),
        step=dict(case.per_step),
        lines=_lines(truth, case),
        guardrails=_guardrails(found),
        segments=_segments(truth, case),
        units_control=effect.n_control,
        units_treatment=effect.n_treatment,
        split_p=significant(found.srm_p, 2),
        false_alarms=significant(rollout.aa.share, 2),
        weeks=found.weeks,
    )


def headline(found: Experiment, truth: Reveal, case: Case, *, enough: float) -> Text:
    """One sentence that makes the point: what was earned, and whether skill earned it."""
    if found.effect.high < 0:
        return _loses(truth, case)
    own = significant(truth.over_floor, 2)
    simple = case.simple.get(truth.floor_name, case.incumbent)
    if truth.floor_name == "incumbent":
        return _over_incumbent(own, truth, case, enough=enough)
    if truth.capture < enough:
        return _skill_is_missing(own, simple, case)
    total = significant(truth.effect, 2)
    return {
        "en": f"{case.each['en']} brings {_roubles(total, 'en')} more than under "
        f"{case.incumbent['en']}; {_roubles(own, 'en')} of that is skill, more than "
        f"“{simple['en']}” would bring.",
        "ru": f"{case.each['ru']} приносит на {_roubles(total, 'ru')} больше, чем "
        f"{case.incumbent['ru']}; из них {_roubles(own, 'ru')} — ваше умение: столько сверх "
        f"«{simple['ru']}».",
    }


def money(found: Experiment, truth: Reveal, case: Case) -> Text:
    """The money line: effect with its interval, a month, a year, the truth, what is left."""
    left = max(0.0, 1 - truth.capture)
    en, ru = (_amounts(found, truth, case, language) for language in LANGUAGES)
    return {
        "en": "Effect: {effect} a {decision} (95 % interval {low} to {high}), {month} a month at "
        "{monthly} {decisions}, {year} a year. The truth: {truth}; {left} of what was possible "
        "is left.".format(**en, left=_percent(left, "en")),
        "ru": "Эффект: {effect} на {decision} (95 %-й интервал от {low} до {high}), {month} "
        "в месяц при {monthly} {decisions}, {year} в год. На самом деле {truth}; из возможного не "
        "взято {left}.".format(**ru, left=_percent(left, "ru")),
    }


def _loses(truth: Reveal, case: Case) -> Text:
    lost = significant(-truth.effect, 2)
    return {
        "en": f"{case.each['en']} brings {_roubles(lost, 'en')} less than under "
        f"{case.incumbent['en']}: this must not go live.",
        "ru": f"{case.each['ru']} приносит на {_roubles(lost, 'ru')} меньше, чем "
        f"{case.incumbent['ru']}: так запускать нельзя.",
    }


def _over_incumbent(own: float, truth: Reveal, case: Case, *, enough: float) -> Text:
    """Nothing simple beats today's rule, so all that is earned over it is skill."""
    part = significant(truth.capture, 2)
    little = truth.capture < enough
    return {
        "en": f"{case.each['en']} brings {_roubles(own, 'en')} more than under "
        f"{case.incumbent['en']}, {_percent(part, 'en')} of what skill could bring"
        + (": a better rule of thumb would do as well." if little else "."),
        "ru": f"{case.each['ru']} приносит на {_roubles(own, 'ru')} больше, чем "
        f"{case.incumbent['ru']}, — это {_percent(part, 'ru')} от того, что даёт умение"
        + (": правило получше справилось бы не хуже." if little else "."),
    }


def _shares(found: Experiment, truth: Reveal, case: Case) -> Text:
    """Both groups lived off the same supply, so their difference is no effect."""
    shown, true = significant(found.effect.value, 2), significant(truth.effect, 2)
    return {
        "en": f"Your test shows {_signed(shown, 'en')} a {case.decision['en']}; the truth is "
        f"{_signed(true, 'en')}. Both groups shared what there was, so each took from the other.",
        "ru": f"Тест показывает {_signed(shown, 'ru')} на {case.decision['ru']}, а на самом деле "
        f"{_signed(true, 'ru')}. Группы делили одно и то же и отнимали друг у друга.",
    }


def _skill_is_missing(own: float, simple: Text, case: Case) -> Text:
    """The test may look splendid; it is the old rule's absence that won it."""
    more = own >= 1
    return {
        "en": f"Whatever the test shows, {case.switched_off['en']} has won it: over "
        f"“{simple['en']}” your policy "
        + (f"adds {_roubles(own, 'en')}" if more else "adds nothing")
        + f" a {case.decision['en']}.",
        "ru": f"Что бы ни показал тест, выигрыш даёт {case.switched_off['ru']}: сверх "
        f"«{simple['ru']}» ваша политика "
        + (f"приносит {_roubles(own, 'ru')}" if more else "не приносит ничего")
        + f" на {case.decision['ru']}.",
    }


def _amounts(found: Experiment, truth: Reveal, case: Case, language: Language) -> dict[str, str]:
    month = found.effect.value * case.monthly
    return {
        "effect": _signed(found.effect.value, language),
        "low": _signed(found.effect.low, language),
        "high": _signed(found.effect.high, language),
        "month": _signed(month, language),
        "year": _signed(month * MONTHS, language),
        "truth": _signed(truth.effect, language),
        "monthly": _grouped(case.monthly, language),
        "decision": case.decision[language],
        "decisions": case.decisions[language],
    }


def _signed(value: float, language: Language) -> str:
    shown = significant(value)
    sign = "+" if shown > 0 else "−" if shown < 0 else ""
    return sign + _roubles(abs(shown), language)


def _roubles(value: float, language: Language) -> str:
    """Roubles as a person reads them: whole, in millions from a million on."""
    big = abs(value) >= 1_000_000  # noqa: PLR2004 - a million
    if not big:
        digits = 0 if abs(value) >= 10 else 1  # noqa: PLR2004 - below ten a tenth counts
        return f"{_number(value, digits, language)}{NBSP}₽"
    unit = {"en": "M", "ru": f"{NBSP}млн"}[language]
    return f"{_number(significant(value / 1e6), 1, language)}{unit}{NBSP}₽"


def _grouped(value: float, language: Language) -> str:
    return _number(value, 0, language)


def _percent(share: float, language: Language) -> str:
    return f"{_number(100 * share, 0, language)}{NBSP}%"


def _number(value: float, digits: int, language: Language) -> str:
    text = f"{value:,.{digits}f}"
    if digits and text.endswith("0"):
        text = text.rstrip("0").rstrip(".")
    if language == "en":
        return text
    return text.replace(",", NBSP).replace(".", ",")


def _lines(truth: Reveal, case: Case) -> tuple[Line, ...]:
    words = {**_LINES, "incumbent": case.incumbent}
    return tuple(
        Line(
            name=name,
            words=dict(words[name]),
            values=tuple(significant(value) for value in values),
        )
        for name, values in truth.series.items()
    )


def _guardrails(found: Experiment) -> tuple[GuardrailLine, ...]:
    return tuple(
        GuardrailLine(
            metric=one.rail.metric,
            words=dict(one.rail.words),
            op=one.op,
            limit=one.limit,
            value=significant(one.value),
            held=one.held.value,
        )
        for one in found.rails
    )


def _segments(truth: Reveal, case: Case) -> tuple[SegmentLine, ...]:
    return tuple(
        SegmentLine(
            name=name,
            words=dict(words),
            acted_upon=significant(truth.chosen[name], 2),
            money=significant(truth.segments[name], 2),
        )
        for name, words in case.segments.items()
        if name in truth.chosen
    )
