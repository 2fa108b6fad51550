"""Markdown to HTML: raw HTML off, then through an allow-list all the same."""

import re
from collections.abc import Iterator
from typing import Final

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

LONGEST: Final = 200_000
DEEPEST: Final = 20

TAGS: Final = {
    *("a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "hr", "li", "ol", "p"),
    *("pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "code": {"class"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
}
SCHEMES: Final = {"http", "https", "mailto"}
_HEADING: Final = re.compile(r"^## +(?P<title>.+?)\s*$", re.MULTILINE)
_LANGUAGE: Final = re.compile(r"language-[a-z0-9+-]{1,20}")

_markdown: Final = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST}).enable("table")


def render(text: str) -> SafeString:
    """The text as HTML that may stand in any page of ours."""
    html = _markdown.render(text[:LONGEST])
    # The page has its own h1; a text's own headings stand one level below it.
    clean = nh3.clean(
        html.replace("<h1>", "<h2>").replace("</h1>", "</h2>"),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer",
    )
    # What may scroll sideways can be reached and scrolled with the keyboard.
    for tag in ("pre", "table"):
        clean = clean.replace(f"<{tag}>", f'<{tag} tabindex="0">')
    return mark_safe(clean)  # noqa: S308, cleaned by nh3 above


def sections(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a text under its second-level headings: title and body."""
    headings = [*_HEADING.finditer(text)]
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    for heading, end in zip(headings, ends, strict=True):
        yield heading["title"], text[heading.end() : end].strip()


def _attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "code" and name == "class":
        return value if _LANGUAGE.fullmatch(value) else None
    return value
