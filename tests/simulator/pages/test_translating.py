"""Every message has its Russian, and what gettext reads is what the translator wrote."""

import gettext
import io
import re

import pytest

from simulator.pages import translating
from simulator.pages.translating import CATALOGUE, SITE, Message

PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[sd]")
POLITE = re.compile(r"(?<=[\w,] )(?:Вы|Вас|Вам|Ваш\w*)\b")  # inside a sentence: lower case
TAG = re.compile(r"</?[a-z]+")


def entries() -> list[Message]:
    return translating.read(CATALOGUE.read_text(encoding="utf-8"))


def test_the_catalogue_holds_exactly_the_messages_of_the_site() -> None:
    found = {message.key for message in translating.messages(SITE)}
    assert len(found) > 300
    assert {entry.key for entry in entries()} == found


def test_every_message_is_translated() -> None:
    assert [entry.text for entry in entries() if not entry.complete] == []


def test_translations_keep_placeholders_and_tags() -> None:
    for entry in entries():
        wanted = set(PLACEHOLDER.findall(entry.text)) | set(PLACEHOLDER.findall(entry.plural))
        for form in entry.translations:
            assert set(PLACEHOLDER.findall(form)) <= wanted, entry.text
            assert sorted(TAG.findall(form)) == sorted(TAG.findall(entry.text)), entry.text
        said = {name for form in entry.translations for name in PLACEHOLDER.findall(form)}
        assert said == wanted, entry.text


def test_the_compiled_catalogue_is_the_written_one() -> None:
    compiled = CATALOGUE.with_suffix(".mo").read_bytes()
    assert compiled == translating.compiled(entries())
    assert CATALOGUE.read_text(encoding="utf-8") == translating.write(sorted(entries()))


def test_gettext_reads_what_we_compile() -> None:
    written = [
        Message(text="Help", translations=("Помощь",)),
        Message(text="Open", context="check", translations=("Открыта",)),
        Message(
            text="%(n)s file",
            plural="%(n)s files",
            translations=("%(n)s файл", "%(n)s файла", "%(n)s файлов"),
        ),
        Message(text="Unfinished", translations=("",)),
    ]
    read = gettext.GNUTranslations(io.BytesIO(translating.compiled(written)))
    assert read.gettext("Help") == "Помощь"
    assert read.pgettext("check", "Open") == "Открыта"
    assert [read.ngettext("%(n)s file", "%(n)s files", n) for n in (1, 3, 11, 21)] == [
        "%(n)s файл",
        "%(n)s файла",
        "%(n)s файлов",
        "%(n)s файл",
    ]
    assert read.gettext("Unfinished") == "Unfinished"


def test_a_catalogue_survives_writing_and_reading() -> None:
    message = Message(text='a "quote"\nand a \\', context="x", translations=("«да»\n",))
    assert translating.read(translating.write([message])) == [message]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('_("One")', [Message(text="One")]),
        ('pgettext_lazy("check", "Two")', [Message(text="Two", context="check")]),
        ('ngettext("a", "b", 3)', [Message(text="a", plural="b")]),
        ("_(name)", []),
        ('print("no")', []),
    ],
)
def test_messages_are_found_in_modules(source: str, expected: list[Message]) -> None:
    assert [*translating._in_module(source)] == expected


def test_messages_are_found_in_templates() -> None:
    text = (
        '{% load i18n %}{% translate "One" %}{% blocktranslate count n=x %}{{ n }} a'
        "{% plural %}{{ n }} b{% endblocktranslate %}"
    )
    assert [*translating._in_template(text)] == [
        Message(text="One"),
        Message(text="%(n)s a", plural="%(n)s b"),
    ]


def test_russian_speaks_by_the_style_guide() -> None:
    for entry in entries():
        for form in entry.translations:
            assert '"' not in form, form
            assert not POLITE.search(form), form
            assert "!" not in form or form.startswith("! "), form
