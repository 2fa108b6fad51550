"""What holds for every template: the strict policy, plain words, one status region."""

import re
from pathlib import Path

import pytest

from simulator.pages.translating import SITE

TEMPLATES = sorted((SITE / "pages" / "templates").rglob("*.html"))
STATIC = SITE / "pages" / "static" / "pages"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_template_needs_more_than_the_strict_policy(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"<[^>{]*\sstyle=", text), "a style attribute"
    assert not re.search(r"<[^>{]*\son[a-z]+=", text), "an event handler"
    assert "<style" not in text
    assert "javascript:" not in text
    assert "|safe" not in text
    assert "autoescape off" not in text
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL):
        assert "src=" in attributes
        assert not body.strip()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_comes_from_elsewhere(template: Path) -> None:
    addresses = re.findall(r'(?:src|href|action)="(https?:)?//', template.read_text("utf-8"))
    assert addresses == []


@pytest.mark.parametrize("sheet", sorted(STATIC.glob("*.css")), ids=lambda path: path.name)
def test_style_sheets_take_meaning_not_paint(sheet: Path) -> None:
    if sheet.name == "tokens.css":
        return
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL)
    text = re.sub(r"#0000|#000\b|#0d1512[0-9a-f]{2}", "", text)  # masks and shadows
    assert re.findall(r":[^;{}]*#[0-9a-fA-F]{3,8}\b", text) == []
    assert "url(http" not in text


def test_interface_uses_no_word_that_blames_or_shouts() -> None:
    words = re.compile(r"\b(?:oops|obviously|simply|wrong!|error!)\b|!\s*[\"<{%]", re.IGNORECASE)
    for template in TEMPLATES:
        for message in re.findall(r'{% translate "([^"]*)"', template.read_text("utf-8")):
            assert not words.search(message), message
            assert not message.endswith("!"), message


def test_messages_a_page_shows_are_marked_for_translation() -> None:
    bare = re.compile(r">\s*([A-Z][a-z]+(?: [a-z]+)+[.!?]?)\s*<")
    outside = {"400.html", "500.html"}  # both languages stand in them
    for template in TEMPLATES:
        if template.name not in outside:
            text = template.read_text("utf-8")
            text = re.sub(r"{% blocktranslate.*?endblocktranslate %}", "", text, flags=re.DOTALL)
            text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
            assert bare.findall(text) == [], template
