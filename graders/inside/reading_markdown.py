"""A stranger's Markdown as a list of blocks: carried into a room that holds a parser of it.

Of the text only what a reader sees is kept: no comments, no markup, no invisible characters. The
inline half of the parser is not used, for some of its work grows with the square of a line.
"""

import html
import re
import unicodedata

from markdown_it import MarkdownIt

MOST_BLOCKS = 4_000
LONGEST = 8_000  # characters of one block
FRONT = re.compile(r"\A---[ \t]*\n(?:[^\n]*\n){0,60}?---[ \t]*(?:\n|\Z)")
COMMENT = re.compile(r"<!--.{0,8000}?(?:-->|\Z)", re.S)
LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\](?:\([^()\n]{0,600}\)|\[[^\[\]\n]{0,100}\])")
TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,300}>")
BOLD = re.compile(r"\s*(?:\*\*|__)([^*_\n]{1,120})(?:\*\*|__)\s*[:.—–-]?")
MARKS = re.compile(r"[*~`]{1,3}|(?<!\w)_{1,3}|_{1,3}(?!\w)|\\(?=[^\w\s])")
HELD = ("bullet_list_open", "ordered_list_open")


class Refused(Exception):
    """A text breaks a rule; the argument is its name."""


def document(content: bytes) -> object:
    """The blocks of a document as ``{"value": [...]}``; or the rule that it breaks.

    A block is ``{"kind", "line", "level", "text", "lead", "cells"}``: kind is heading, paragraph,
    item, row or code; level that of a heading, how deep an item lies, or 1 for a table's head;
    lead a bold beginning.
    """
    try:
        return {"value": _blocks(_text(content))}
    except Refused as refused:
        return {"rule": refused.args[0]}


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("not-utf-8") from None
    if "\0" in text:
        raise Refused("zero-byte")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = FRONT.sub(_blank, text)
    return COMMENT.sub(_blank, text)


def _blank(match: "re.Match[str]") -> str:
    """As many lines as there were: places stay what they are."""
    return "\n" * match[0].count("\n")


def _blocks(text: str) -> list[dict[str, object]]:
    parser = MarkdownIt("commonmark").enable("table").disable(["inline", "html_block"])
    found: list[dict[str, object]] = []
    kinds: list[str] = []
    line, depth, level = 1, 0, 0
    for token in parser.parse(text):
        line = token.map[0] + 1 if token.map else line
        depth += (token.type in HELD) - (
            token.type.replace("_close", "_open") in HELD and token.nesting < 0
        )
        if token.type == "heading_open":
            level = int(token.tag[1:])
        if token.nesting > 0:
            kinds.append(token.type)
        elif token.nesting < 0:
            kinds.pop()
        _add(found, kinds, token, line=line, level=depth or level)
        if len(found) > MOST_BLOCKS:
            raise Refused("blocks-too-many")
    return [_clean(block) for block in found]


def _add(
    found: list[dict[str, object]], kinds: list[str], token: object, *, line: int, level: int
) -> None:
    kind, content = getattr(token, "type", ""), getattr(token, "content", "")
    if kind in ("fence", "code_block"):
        found.append({"kind": "code", "line": line, "level": 0, "raw": "", "cells": []})
    elif kind == "tr_open":
        head = int("thead_open" in kinds)
        found.append({"kind": "row", "line": line, "level": head, "raw": "", "cells": []})
    elif kind == "inline" and kinds and kinds[-1] in ("td_open", "th_open"):
        cells = found[-1]["cells"]
        if isinstance(cells, list):
            cells.append(content)
    elif kind == "inline" and "heading_open" in kinds[-1:]:
        found.append(
            {"kind": "heading", "line": line, "level": level, "raw": content, "cells": []}
        )
    elif kind == "inline":
        where = "item" if "list_item_open" in kinds else "paragraph"
        depth = level if where == "item" else 0
        found.append({"kind": where, "line": line, "level": depth, "raw": content, "cells": []})


def _clean(block: dict[str, object]) -> dict[str, object]:
    raw, cells = str(block.pop("raw"))[:LONGEST], block["cells"]
    bold = BOLD.match(raw)
    texts = [seen(str(cell)[:LONGEST]) for cell in cells] if isinstance(cells, list) else []
    return {
        **block,
        "text": " | ".join(texts) if texts else seen(raw),
        "lead": seen(bold[1]) if bold else "",
        "cells": texts,
    }


def seen(raw: str) -> str:
    """The text as a reader sees it, on one line."""
    text = html.unescape(MARKS.sub("", TAG.sub(" ", LINK.sub(r"\1", raw))))
    text = unicodedata.normalize("NFKC", text)
    text = "".join(
        c for c in text if unicodedata.category(c) not in ("Cf", "Cc", "Co", "Cs") or c in "\n\t"
    )
    return " ".join(text.split())
