"""What anybody can check at home: titles by hand, the same thing spelt differently, attributes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from graders import Check, Phase, Workspace, check, fail, production

NORMALIZE, ATTRIBUTES = "driver.words:normalize", "driver.words:attributes"
CALLED, ATTRS = "normalize_title", "extract_attrs"

BY_HAND = {
    "Айфон 13 PRO 1 ТБ": "iphone 13 pro 1000gb",
    "КОФЕ 0,5 кг": "coffee 500g",
    "сhаrgе": "charge",  # three of the letters are Cyrillic
    "Смартфон Самсунг Nova 7 чёрный": "smartphone samsung nova 7 black",
    "Телевизор SONY  Vision 5, 55 дюймов": "tv sony vision 5 55in",
    "Шампунь Dove-Repair 3 (мята)": "shampoo dove repair 3 mint",
    "ssd lenovo edge 4 pro KX-4821": "ssd lenovo edge 4 pro kx 4821",
    "Наушники Hоnоr Pulse 2 лайт белый": "headphones honor pulse 2 lite white",
    "Хит Кофе Kimbo Gold 9 зёрна": "хит coffee kimbo gold 9 beans",
    "": "",
}
UNITS = {
    "1tb": "1000gb",
    "1 ТБ": "1000gb",
    "2 тб": "2000gb",
    "512 gb": "512gb",
    "512 гб": "512gb",
    "0.5kg": "500g",
    "0,25 кг": "250g",
    "250 г": "250g",
    "0,2 л": "200ml",
    "0.4l": "400ml",
    "1 л": "1000ml",
    "600 мл": "600ml",
    '55"': "55in",
    "24 дюймов": "24in",
    "5 гарантия": "5 гарантия",  # a letter of a word is no unit
    "13": "13",
}
TITLES = (
    "Smartphone Samsung Nova 7 Pro 128gb Black",
    "coffee jacobs espresso 3 0.5kg ground",
    "laptop asus zen 4 1tb grey",
    "shampoo nivea care 2 max 250 ml rose",
    "monitor philips edge 8 27in white",
)
REPEATED = ("Хит хит хит Nova 7", "Coffee jacobs jacobs jacobs 3")
LOOKALIKES = str.maketrans("aceopxy", "асеорху")
ATTRIBUTES_BY_HAND: dict[str, dict[str, Any]] = {
    "Смартфон Samsung Nova 7 Pro 128 гб чёрный": {
        "capacity": [128.0, "gb"], "color": "black", "suffix": "pro", "numbers": ["7"],
        "accessory": False,
    },
    "кофе jacobs espresso 3 0,5 кг": {
        "capacity": [500.0, "g"], "color": None, "suffix": None, "numbers": ["3"],
        "accessory": False,
    },
    "ноутбук asus zen 4 1тб серый KX-4821": {
        "capacity": [1000.0, "gb"], "color": "grey", "suffix": None, "numbers": ["4", "4821"],
        "accessory": False,
    },
    "dove repair 3 lite 400": {
        "capacity": None, "color": None, "suffix": "lite", "numbers": ["3", "400"],
        "accessory": False,
    },
}  # fmt: skip
ACCESSORY = {
    "чехол для iphone 13": True,
    "Case for Samsung Nova 7": True,
    "СТЕКЛО ДЛЯ смартфон honor edge 2": True,
    "iphone 13 с чехлом в подарок": False,
    "ноутбук asus zen 4 кабель в комплекте": False,
    "showcase for tv": False,
}


def answers(work: Workspace, target: str, titles: Sequence[str], called: str) -> list[Any]:
    """One answer a title, whatever it is."""
    found = work.call(target, list(titles), called=called)
    whole = isinstance(found, list) and len(found) == len(titles)
    return found if whole else [None] * len(titles)


def texts(work: Workspace, titles: Sequence[str]) -> list[str | None]:
    """Each title normalised; None for what is no text."""
    found = answers(work, NORMALIZE, titles, CALLED)
    return [one if isinstance(one, str) else None for one in found]


def _beside(work: Workspace, cases: Mapping[str, str]) -> list[tuple[str | None, str]]:
    """What was answered, beside what was meant."""
    return list(zip(texts(work, list(cases)), cases.values(), strict=True))


# ------------------------------------------------------------------ by hand
@check(group="metrics", points=16, kind="exact")
def normalizes_by_hand(work: Workspace) -> None:
    """The titles of the brief, one spelling each"""
    beside = _beside(work, BY_HAND)
    bad = sum(got is None for got, _ in beside)
    if bad:
        fail("no_text", titles=bad)
    for row, (got, own) in enumerate(beside, start=1):
        if got != own:
            fail("differs", row=row, total=len(BY_HAND))


@check(group="metrics", points=12, kind="exact", needs=["normalizes_by_hand"])
def units_in_one_size(work: Workspace) -> None:
    """Terabytes, kilogrammes, litres and inches, with point or comma, in two alphabets"""
    for row, (got, own) in enumerate(_beside(work, UNITS), start=1):
        if got != own:
            fail("unit_differs", row=row, total=len(UNITS))


@check(group="metrics", points=12, kind="exact", needs=["normalizes_by_hand"])
def reads_attributes(work: Workspace) -> None:
    """Capacity with its unit, colour, suffix and the other numbers"""
    found = answers(work, ATTRIBUTES, list(ATTRIBUTES_BY_HAND), ATTRS)
    for row, (own, got) in enumerate(
        zip(ATTRIBUTES_BY_HAND.values(), found, strict=True), start=1
    ):
        for key, value in own.items():
            if not isinstance(got, dict) or key not in got:
                fail("key_missing", row=row, key=key)
            if got[key] != value:
                fail("attribute_differs", row=row, key=key)


# ------------------------------------------------------------------ the same, said differently
@check(group="tests", points=8, kind="invariance", needs=["normalizes_by_hand"])
def twice_changes_nothing(work: Workspace) -> None:
    """What is normalised already stays as it is"""
    once = [one or "" for one in texts(work, [*BY_HAND, *UNITS, *TITLES, *REPEATED])]
    again = texts(work, once)
    changed = sum(before != after for before, after in zip(once, again, strict=True))
    if changed:
        fail("changes_again", titles=changed, total=len(once))


@check(group="tests", points=8, kind="invariance", needs=["normalizes_by_hand"])
def spelling_does_not_matter(work: Workspace) -> None:
    """Capitals, spaces, and letters that only look Latin give the same title"""
    plain = texts(work, TITLES)
    cases = {
        "capitals": [title.upper() for title in TITLES],
        "spaces": [f"  {title.replace(' ', '   ')} " for title in TITLES],
        "lookalikes": [title.lower().translate(LOOKALIKES) for title in TITLES],
    }
    for case, titles in cases.items():
        found = texts(work, titles)
        differ = sum(own != got for own, got in zip(plain, found, strict=True))
        if differ:
            fail("spelling_matters", case=case, titles=differ, total=len(titles))


@check(group="tests", points=8, kind="negation", needs=["reads_attributes"])
def for_or_with(work: Workspace) -> None:
    """A case *for* a phone is an accessory, a phone *with* a case is a phone"""
    found = answers(work, ATTRIBUTES, list(ACCESSORY), ATTRS)
    for row, (own, got) in enumerate(zip(ACCESSORY.values(), found, strict=True), start=1):
        said = got.get("accessory") if isinstance(got, dict) else None
        if own and said is not True:
            fail("taken_for_the_product", row=row)
        if not own and said is not False:
            fail("taken_for_an_accessory", row=row)


# ------------------------------------------------------------------ tidy
@check(group="tests", points=5, severity="minor", kind="contract", needs=["normalizes_by_hand"])
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run and pass, and some of them are about titles"""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    if not any("normalize_title" in work.text(path) for path in work.matching("tests/*.py")):
        fail("no_test_of_titles")


def _after_it_reads(library: Check) -> Check:
    """First right, then tidy."""
    return replace(library, phase=Phase.PUBLIC, needs=("normalizes_by_hand",))


secrets = production.no_secrets(points=0)
tidy = _after_it_reads(production.lint(points=3))
typed = _after_it_reads(production.annotated(points=2))
told = _after_it_reads(production.documented(points=2))
