"""A learner's document as its reader sees it: sections, sentences and their places.

The Markdown is parsed in a room of the parser jail; here are its blocks, and what stands where.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from graders.failures import Fail
from graders.parsing import DIED, Parser
from graders.results import Location
from graders.workspace import Workspace
from sandbox.interface import Json

MOST_BYTES = 128 * 1024
MOST_CHARACTERS = 8 * MOST_BYTES  # a sign of three bytes may stand for eighteen letters
# The levels of what else serves as a heading: a bold line, a table's head, an item of a list.
_PSEUDO, _TABLE, _ITEM = 7, 8, 10
_END = re.compile(r"(?<=[.!?…;])\s+(?=[^\sa-zа-яё])")
_WORD = re.compile(r"[^\W\d_]+")
_KINDS = ("heading", "paragraph", "item", "row", "code")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of a document. `under` are the headings it stands under, the outermost first."""

    kind: str
    line: int
    level: int
    text: str
    lead: str = ""
    cells: tuple[str, ...] = ()
    under: tuple[str, ...] = ()

    @property
    def is_head(self) -> bool:
        """Whether it names what comes rather than says something."""
        return self.kind in ("title", "heading") or (self.kind == "row" and self.level == 1)

    @property
    def body(self) -> str:
        """The text without its lead."""
        return self.text.removeprefix(self.lead).lstrip(" :.—–-|") if self.lead else self.text

    def sentences(self) -> list[str]:
        """Its sentences, as far as signs tell them apart; a row of a table is one."""
        return [self.text] if self.kind == "row" else [s for s in _END.split(self.text) if s]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document of the project."""

    path: str
    blocks: tuple[Block, ...]

    @property
    def said(self) -> tuple[Block, ...]:
        """The blocks that say something: no headings, no code."""
        return tuple(b for b in self.blocks if not b.is_head and b.kind != "code" and b.text)

    @property
    def text(self) -> str:
        """All that it says, a block a line."""
        return "\n".join(block.text for block in self.said)

    def about(self, subject: re.Pattern[str]) -> tuple[Block, ...]:
        """What it says under headings, or after a bold lead, that match a subject."""
        return tuple(
            block
            for block in self.said
            if subject.search(block.lead) or any(subject.search(head) for head in block.under)
        )

    def sentences(self) -> Iterator[tuple[Block, str]]:
        """Every sentence with its block."""
        for block in self.said:
            for sentence in block.sentences():
                yield block, sentence

    def at(self, *blocks: Block) -> tuple[Location, ...]:
        """Places for a result."""
        lines = dict.fromkeys(block.line for block in blocks)
        return tuple(Location(path=self.path, line=line) for line in list(lines)[:20])


def document(work: Workspace, path: str) -> Document:
    """A document of the project, read once a grading. Raises Fail."""
    found = work.once(("documents.document", path), lambda: _read_or_failure(work, path))
    if isinstance(found, Fail):
        raise Fail(found.reason, found.params, locations=found.locations)
    return found


def words(text: str) -> list[str]:
    """The words of a text in lower case, with ё as е."""
    return [word.lower().replace("ё", "е") for word in _WORD.findall(text)]


def _read_or_failure(work: Workspace, path: str) -> Document | Fail:
    """The document, or why it cannot be read: neither is found twice."""
    try:
        return _read(work, path)
    except Fail as failure:
        return failure


def _read(work: Workspace, path: str) -> Document:
    text = work.text(path)
    content = text.encode()
    if len(content) > MOST_BYTES:
        kilobytes = len(content) // 1024
        raise Fail("document_too_long", {"path": path, "kilobytes": kilobytes, "most": 128})
    parser = Parser(rooms=work.rooms, path=path, content=content, tells_rows=True)
    lines = text.count("\n") + 1
    blocks = [_block(told, lines) for told in parser.markdown()]
    if sum(len(block.text) for block in blocks if block) > MOST_CHARACTERS:
        raise Fail("artifact_rejected", {"path": path, "rule": DIED})
    return Document(path=path, blocks=tuple(_placed([b for b in blocks if b])))


def _block(told: Json, lines: int) -> Block | None:
    """A block out of the jail: taken as far as it has the form."""
    if not isinstance(told, dict) or told.get("kind") not in _KINDS:
        return None
    line, level, cells = told.get("line"), told.get("level"), told.get("cells")
    return Block(
        kind=str(told["kind"]),
        line=line if type(line) is int and 0 < line <= lines else 1,
        level=level if type(level) is int else 0,
        text=str(told.get("text", "")),
        lead=_lead(str(told.get("text", "")), str(told.get("lead", "")), cells),
        cells=tuple(str(cell) for cell in cells) if isinstance(cells, list) else (),
    )


def _lead(text: str, bold: str, cells: Json) -> str:
    """What a block begins with to say what it is about: bold, a first cell, words and a colon."""
    if bold:
        return bold
    if isinstance(cells, list) and cells:
        return str(cells[0])
    head = re.match(r"[^:.!?\n—–]{1,60}(?=:\s|\s[—–]\s|:$)", text)
    return head[0] if head else ""


def _placed(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks with the headings above them; a bold line of its own counts as a heading.

    A title, a first heading that no other equals in level, says what the whole is: it is left out.
    """
    above: list[tuple[int, str]] = []
    levels = [_heading(block) for block in blocks]
    first = next((n for n, level in enumerate(levels) if level), None)
    titled = first is not None and 0 < levels[first] < min(
        (level for n, level in enumerate(levels) if level and n != first), default=0
    )
    for number, block in enumerate(blocks):
        is_title = titled and number == first
        level = 0 if is_title else levels[number]
        depth = level or (_TABLE + 1 if block.kind == "row" else _ITEM + block.level)
        above = [(n, head) for n, head in above if n < depth and not _ended(n, block)]
        kind = "title" if is_title else block.kind
        yield replace(block, kind=kind, under=tuple(head for _, head in above))
        if level or (block.kind == "item" and block.lead):
            named = block.lead if block.kind in ("row", "item") else block.text
            above.append((depth, named))


def _ended(level: int, block: Block) -> bool:
    """Whether what was opened by a table's head or an item of a list ends before a block."""
    if level == _TABLE:
        return block.kind != "row"
    return level > _ITEM and block.kind not in ("item", "code")


def _heading(block: Block) -> int:
    if block.kind == "heading":
        return block.level
    if block.is_head:
        return _TABLE  # of a table's rows
    alone = block.lead and block.kind == "paragraph" and not block.body.strip(" :.")
    return _PSEUDO if alone else 0
