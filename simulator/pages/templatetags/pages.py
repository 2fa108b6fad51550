"""What the templates say in a word: drawings, numbers with units, where the reader is."""

from collections.abc import Mapping, Sequence
from typing import Final

from django import template
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.template import Context
from django.utils import formats, translation
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from graders.quest import Language
from simulator.pages import charts, maps, portraits, themes, words

register = template.Library()

HEAT_STEPS: Final = (70, 80, 90)
NBSP: Final = "\u00a0"
MESSAGE_STATUS: Final = {
    constants.SUCCESS: "passed",
    constants.WARNING: "partial",
    constants.ERROR: "failed",
}


@register.simple_tag(takes_context=True)
def theme_attribute(context: Context) -> SafeString:
    theme = themes.chosen(context["request"])
    if theme not in themes.FORCED:
        return SafeString()
    return format_html(' data-theme="{}"', theme)


@register.inclusion_tag("pages/theme_buttons.html", takes_context=True)
def theme_buttons(context: Context) -> dict[str, str]:
    return {"theme": themes.chosen(context["request"])}


@register.simple_tag(takes_context=True)
def current(context: Context, *prefixes: str) -> SafeString:
    """`aria-current` if the page lies under one of the prefixes."""
    request: HttpRequest = context["request"]
    here = any(request.path.startswith(prefix) for prefix in prefixes)
    return mark_safe(' aria-current="page"') if here else SafeString()


@register.simple_tag
def message_status(message: Message) -> str:
    return MESSAGE_STATUS.get(message.level, "info")


@register.simple_tag
def portrait(seed: str, label: str = "", *, small: bool = False) -> SafeString:
    return portraits.portrait(seed, label=label, small=small)


@register.filter
def glyph(outcome: str) -> str:
    """The status of the look for an outcome of a check."""
    return words.GLYPHS.get(str(outcome), "info")


@register.filter
def plain_code(text: str) -> SafeString:
    """Escape a text and set what stands between backticks as code."""
    parts = str(text).split("`")
    return mark_safe(  # noqa: S308, every part is escaped here
        "".join(
            format_html("<code>{}</code>", part) if number % 2 else conditional_escape(part)
            for number, part in enumerate(parts)
        )
    )


@register.filter
def seconds(value: float | None) -> str:
    """A span of time as a person reads it: 0.4 s, 36 s, 2 min."""
    if value is None:
        return "–"
    if value < 10:  # noqa: PLR2004, below ten a tenth matters
        return f"{formats.number_format(round(value, 1), 1)}{NBSP}{gettext('s')}"
    if value < 120:  # noqa: PLR2004, two minutes
        return f"{round(value)}{NBSP}{gettext('s')}"
    return f"{round(value / 60)}{NBSP}{gettext('min')}"


@register.filter
def age(value: float) -> str:
    """How long something has been up: seconds, minutes or hours."""
    return minutes(value / 60) if value >= 120 else seconds(value)  # noqa: PLR2004, two minutes


@register.filter
def minutes(value: float) -> str:
    """An estimate in minutes as hours and minutes."""
    hours, rest = divmod(round(value), 60)
    parts = []
    if hours:
        parts.append(f"{hours}{NBSP}{gettext('h')}")
    if rest or not hours:
        parts.append(f"{rest}{NBSP}{gettext('min')}")
    return " ".join(parts)


@register.filter
def points(value: float) -> str:
    return charts.points(value)


@register.filter
def signed_roubles(value: float) -> str:
    """Roubles with their sign: whole, or with a tenth where they are few."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    digits = 0 if abs(value) >= 10 else 1  # noqa: PLR2004, below ten a tenth matters
    return f"{sign}{formats.number_format(round(abs(value), digits), digits)}"


@register.filter
def share(value: float) -> str:
    """A share in percent with one digit."""
    sign = "−" if value < 0 else ""
    return f"{sign}{formats.number_format(round(100 * abs(value), 1), 1)}{NBSP}%"


@register.filter
def held_status(held: str) -> str:
    """The status of the look for how a guardrail came through."""
    return {"kept": "passed", "warned": "partial", "breached": "failed"}.get(held, "info")


@register.filter
def held_word(held: str) -> str:
    """How a guardrail came through, in a word."""
    return {
        "kept": gettext("kept"),
        "warned": gettext("beyond, perhaps by chance"),
        "breached": gettext("broken"),
    }.get(held, held)


@register.filter
def signed(value: float) -> str:
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return f"{sign}{points(abs(value))}"


@register.filter
def thousands(value: float) -> str:
    """A whole number in groups of three, as the language groups them."""
    grouped = f"{value:,.0f}"
    return grouped.replace(",", NBSP) if translation.get_language() == "ru" else grouped


@register.filter
def in_language(text: Mapping[Language, str] | None) -> str:
    """One of a quest's texts in the language of the page; nothing for none."""
    if not text:
        return ""
    return text["ru" if (translation.get_language() or "").startswith("ru") else "en"]


@register.filter
def percent(value: float) -> str:
    return f"{formats.number_format(round(100 * value, 1))}{NBSP}%"


@register.simple_tag
def stages_passed(passed: int, count: int) -> str:
    text = ngettext(
        "%(passed)d of %(count)d stage passed", "%(passed)d of %(count)d stages passed", count
    )
    return text % {"passed": passed, "count": count}


@register.simple_tag
def quest_map(seed: str, stages: Sequence[maps.Stop]) -> SafeString:
    return maps.quest_map(seed, [stage.state for stage in stages])


@register.simple_tag
def wide_map(seed: str, stages: Sequence[maps.Named], label: str) -> SafeString:
    names = [(in_language(stage.title), in_language(stage.summary)) for stage in stages]
    return maps.wide_map(seed, names, label)


@register.filter
def outcome_word(outcome: str) -> str:
    return str(words.OUTCOMES[outcome])


@register.filter
def severity_word(severity: str) -> str:
    return str(words.SEVERITIES[severity])


@register.filter
def group_word(group: str) -> str:
    return str(words.GROUPS[group]).lower()


@register.filter
def phase_word(phase: str) -> str:
    return str(words.PHASES[phase])


@register.filter
def rooms_word(rooms: str) -> str:
    """The kind of a room; a kind without a word is shown as it is named."""
    return str(words.ROOMS.get(rooms, rooms))


@register.filter
def memory_word(memory: str) -> str:
    """What holds a room's memory; what has no word is shown as it is said."""
    return str(words.MEMORY.get(memory, memory))


@register.filter
def part_word(part: str) -> str:
    return str(words.PARTS[part])


@register.filter
def readiness_word(readiness: str) -> str:
    return str(words.READINESS[readiness])


@register.filter
def readiness_status(readiness: str) -> str:
    return words.READINESS_STATUS[readiness]


@register.simple_tag
def verdict_headline(report: charts.Judgement) -> str:
    """The heading of a report: may it go live, and what stands in the way."""
    blockers = sum(
        found.result.severity == "blocker" and found.result.outcome not in {"passed", "partial"}
        for found in report.open
    )
    if report.readiness == "not_ready" and blockers:
        text = ngettext("Not ready: %(count)d blocker", "Not ready: %(count)d blockers", blockers)
        return text % {"count": blockers}
    if report.readiness == "production" and report.merit:
        return gettext("Ready for production, with merit")
    return str(words.HEADLINES[report.readiness])


@register.simple_tag
def readiness_ladder(readiness: str) -> SafeString:
    return charts.ladder(readiness)


@register.simple_tag
def scale_bar(groups: Sequence[charts.GroupPoints]) -> SafeString:
    return charts.scale_bar(groups)


@register.simple_tag
def attempts_chart(scores: Sequence[float | None], needed: float, here: int) -> SafeString:
    return charts.attempts(scores, needed=needed, here=here)


@register.filter
def whole(value: float) -> int:
    """A count that decides a plural form."""
    return round(value)


@register.filter
def clean_code(text: str) -> str:
    """Where no markup can stand: the text without its backticks."""
    return text.replace("`", "")


@register.simple_tag
def heat(best: float, state: str, *, stuck: bool) -> str:
    """The step of the heatmap's scale for a learner at a stage."""
    if stuck:
        return "stuck"
    if state not in {"passed", "debt"}:
        return "part"
    return str(1 + sum(best >= step for step in HEAT_STEPS))


@register.simple_tag
def hint_title(step: int, title: str) -> str:
    """A step of the ladder; authors head theirs H1 to H4, and may add words of their own."""
    words_ = title.removeprefix(f"H{step}").strip(" .:–-")
    ladder = (gettext("Where to look"), gettext("The idea"), gettext("The next step"))
    own = ladder[step - 1] if step <= len(ladder) else gettext("A worked example")
    return words_ or own


@register.simple_tag
def sample_scale() -> SafeString:
    return charts.scale_bar(charts.SAMPLE)
