"""Numbers and dates in a sentence of English or Russian: what they can mean, and how exactly."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SCALES = (
    (re.compile(r"k|тыс\.?|тысяч[аи]?|thousand", re.I), 1e3),
    (re.compile(r"m|mln|млн\.?|миллион\w*|million", re.I), 1e6),
    (re.compile(r"bn|млрд\.?|миллиард\w*|billion", re.I), 1e9),
)
_UNITS = {
    "money": re.compile(
        r"₽|р\.|руб\w*|rub\w*|roubles?|rubles?|\$|€|usd|eur\w*|долл\w*|евро", re.I
    ),
    "points": re.compile(r"pp|p\.\s?p\.|п\.\s?п\.|percentage points?", re.I),
    "percent": re.compile(r"%|per ?cent|процент\w*", re.I),
    "days": re.compile(r"days?|дн(?:я|ей|ями|ях|ям)?|день|сут\w*", re.I),
    "weeks": re.compile(r"weeks?|недел[ьяиею]\w*|нед\.?", re.I),
    "months": re.compile(r"months?|месяц\w*|мес\.?", re.I),
}
_DAYS = {"days": (1.0,), "weeks": (7.0,), "months": (30.0, 28.0, 31.0)}
_WORDS = {
    **dict.fromkeys(("one", "a", "одна", "одну", "один", "одной"), 1.0),
    **dict.fromkeys(("two", "две", "два", "двух"), 2.0),
    **dict.fromkeys(("three", "три", "трёх", "трех"), 3.0),
    **dict.fromkeys(("four", "четыре", "четырёх", "четырех"), 4.0),
    **dict.fromkeys(("five", "пять", "пяти"), 5.0),
    **dict.fromkeys(("six", "шесть", "шести"), 6.0),
    **dict.fromkeys(("eight", "восемь", "восьми"), 8.0),
}
_TAIL = (
    r"(?:\s?(?P<scale>thousand|million|billion|тысяч[аи]?|тыс\.?|миллион\w{0,3}|млн\.?"
    r"|миллиард\w{0,3}|млрд\.?|mln|bn|k|m)(?![\w]))?"
    r"(?:\s?(?P<unit>percentage points?|per ?cent|[pп]\.\s?[pп]\.|р\.|[%₽$€]|[^\W\d_]+\.?))?"
)
_NUMBER = re.compile(
    r"(?<![\w.,])(?P<currency>[$€₽]\s?)?(?P<sign>[+\-−–—±≈~])?\s?(?P<body>"
    r"\d{1,3}(?:[ ,.'’_]\d{3})+(?:[.,]\d{1,9})?|\d{1,15}(?:[.,]\d{1,9})?|[.,]\d{1,9})(?!\w*@)"
    + _TAIL,
    re.I,
)
_SPELLED = re.compile(
    rf"(?<!\w)(?P<body>{'|'.join(_WORDS)})\s(?P<unit>(?:full |whole |полн\w+ |цел\w+ )?"
    r"(?:days?|weeks?|months?|дн\w*|день|недел\w*|месяц\w*))",
    re.I,
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|январ\w|феврал\w|март\w?|апрел\w|ма[йяе]|июн\w|июл\w"
    r"|август\w?|сентябр\w|октябр\w|ноябр\w|декабр\w)"
)
_DATE = re.compile(
    r"(?<![\w.])(?:\d{4}-\d{2}(?:-\d{2})?|\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d{2})"
    rf"|\d{{1,2}}(?:st|nd|rd|th|-?го)?\s(?:of\s)?{_MONTH}(?:,?\s\d{{4}})?"
    rf"|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s\d{{4}})?(?!\d)|{_MONTH},?\s\d{{4}}"
    r"|q[1-4](?:[\s/’']{0,2}\d{2,4})?|(?:[1-4]|iv|i{1,3})(?:-?й|-м|-?го)?\s(?:кв\.?|квартал\w*)(?:\s\d{4})?"
    r")(?!\w)",
    re.I,
)
_TO = (
    r"by|until|before|end of|from|since|к|до|не позднее|в конце|на конец|конц\w|с"  # then a moment
)
_MOMENT = (
    rf"{_MONTH}|20\d\d|q[1-4]|sprint\s?\d*|the quarter|quarter|month|year|спринт\w*|квартал\w*"
    r"|месяц\w*|год\w*"
)
_IN = r"within|in|after|for|over|через|за|в течение|спустя"  # then a length of time
_LENGTH = r"days?|weeks?|months?|quarters?|sprints?|дн\w*|недел\w*|месяц\w*|квартал\w*|спринт\w*"
_DEADLINE = re.compile(
    rf"(?<!\w)(?:{_TO})\s(?:the\s)?(?:end of\s|конц\w\s)?(?:{_MOMENT})(?!\w)"
    rf"|(?<!\w)(?:{_IN})\s(?:the\s)?(?:first\s|next\s|перв\w+\s|ближайш\w+\s)?"
    rf"(?:\d{{1,3}}|\w{{2,12}})?\s?(?:full\s|whole\s|полн\w+\s)?(?:{_LENGTH})(?!\w)"
    r"|(?<!\w)(?:week|sprint|day|недел\w|спринт\w*)\s?\d{1,2}(?!\w)",
    re.I,
)
_NO_UNIT = re.compile(
    r"(?:and|or|to|of|in|on|at|by|is|the|a|an|with|from|than|as|if|then|but|и|или|до|к|в|во|на|по|за|с|из|от|то|а|но|что|при)\.?",
    re.I,
)


_GAIN = re.compile(
    r"(?<!\w)(?:earns?|brings?|gains?|adds?|saves?|profit|приносит|зарабатывает|добавляет|прибыл\w*"
    r"|выигрыш\w*|экономит)(?!\w)",
    re.I,
)
_LOSS = re.compile(
    r"(?<!\w)(?:los[es]|loss|cost|burn|minus|less|worse|below|negative|fewer|spend|wast|not(?!\w)"
    r"|no(?!\w)|теря|убыт|минус|меньше|хуже|ниже|сто[ия]|сжига|расход|отрицат|не(?!\w)|потер)",
    re.I,
)


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number as it is written: `readings` are what it can mean, as 1,234 can be two things."""

    readings: tuple[float, ...]
    half_step: float  # half a unit of the last digit that is written
    unit: str  # money, percent, points, days, weeks, months, other, or "" for none
    sign: str  # "+", "-" or "", as written
    start: int

    def agrees(self, truth: float, *, tolerance: float = 0.0) -> bool:
        """Whether it says `truth`, as exactly as it is written; unsigned it says either sign.

        Days are also said in weeks and months, shares in per cent. `tolerance` is in the unit of
        `truth`.
        """
        wanted = {truth} if self.sign else {truth, -truth}
        return any(
            abs(value * factor - own) <= max(tolerance, self.half_step * factor) + 1e-9
            for value in self.readings
            for factor in self._factors()
            for own in wanted
        )

    def _factors(self) -> tuple[float, ...]:
        if self.unit in ("percent", "points"):
            return (1.0, 0.01)
        return _DAYS.get(self.unit, (1.0,))


def quantities(text: str) -> list[Quantity]:
    """The numbers of a text, without those of its dates and of names like `lessons_84d`."""
    bare = _DATE.sub(lambda match: " " * len(match[0]), text)
    found = [_quantity(match, bare) for match in _NUMBER.finditer(bare)]
    return sorted([*found, *_spelled(bare)], key=lambda quantity: quantity.start)


def says(sentence: str, quantity: Quantity, truth: float, *, tolerance: float = 0.0) -> bool:
    """Whether a number of a sentence says `truth`; one without a sign is no gain of a loss.

    "The rule earns 93 roubles" does not say -93, "it loses 93" and "93 less than nothing" do.
    """
    if truth < 0 and not quantity.sign and _GAIN.search(sentence) and not _LOSS.search(sentence):
        return False
    return quantity.agrees(truth, tolerance=tolerance)


def has_date(text: str) -> bool:
    """Whether a text says when: a date, a quarter, a deadline or a length of time from now."""
    return bool(_DATE.search(text) or _DEADLINE.search(text))


def _quantity(match: re.Match[str], text: str) -> Quantity:
    factor = next((f for word, f in _SCALES if word.fullmatch(match["scale"] or "")), 1.0)
    values, digits = _read(match["body"])
    sign = {"+": "+", "-": "-", "−": "-", "–": "-"}.get(match["sign"] or "", "")
    at = match.start("sign")
    before = text[:at].rstrip()[-1:] if at > 0 else ""
    if sign == "-" and (before.isdigit() or before in ("₽", "%", "…")):
        sign = ""  # the dash of a range
    if match["sign"] in ("–", "-", "−") and text[match.end("sign") : match.end("sign") + 1] == " ":
        sign = ""  # a dash between words
    flip = -1.0 if sign == "-" else 1.0
    return Quantity(
        readings=tuple(flip * factor * value for value in values),
        half_step=0.5 * factor * 10.0**-digits,
        unit="money" if match["currency"] else _unit(match["unit"] or ""),
        sign=sign,
        start=match.start("body"),
    )


def _read(body: str) -> tuple[tuple[float, ...], int]:
    """What digits can mean in English and in Russian, and how many of them are decimals."""
    bare = re.sub(r"[ '’_]", "", body)
    marks = [c for c in bare if c in ".,"]
    head, _, tail = bare.rpartition(marks[-1]) if marks else (bare, "", "")
    if not marks:
        return (float(bare),), 0
    whole = re.sub(r"[.,]", "", bare)
    if len(set(marks)) == len(marks) == 1 and len(tail) == 3 and head.strip("0"):  # noqa: PLR2004 - 1,234 or 1.234
        return (float(whole), float(f"{head}.{tail}")), 3
    if len(set(marks)) == 1 and len(marks) > 1:
        return (float(whole),), 0
    return (float(f"{re.sub('[.,]', '', head) or '0'}.{tail}"),), len(tail)


def _unit(word: str) -> str:
    if not word or _NO_UNIT.fullmatch(word):
        return ""
    return next((name for name, unit in _UNITS.items() if unit.fullmatch(word)), "other")


def _spelled(text: str) -> Iterator[Quantity]:
    for match in _SPELLED.finditer(text):
        yield Quantity(
            readings=(_WORDS[match["body"].lower()],),
            half_step=0.0,
            unit=_unit(match["unit"].split()[-1]),
            sign="",
            start=match.start(),
        )
