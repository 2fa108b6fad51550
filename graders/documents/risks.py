"""The risks of a design document: each with an owner and with what is done about it."""

import re
from collections.abc import Callable, Sequence

from graders.checking import Check
from graders.decision.making import Needs, library
from graders.documents import vocabulary as say
from graders.documents.design import PATH
from graders.documents.reading import Block, Document, document, words
from graders.failures import Fail
from graders.workspace import Workspace

_SUBSTANCE = 3  # words: less is a label
_CLAUSE = re.compile(r"[;:→—–]|->|=>|\. ")


def risks(
    *,
    points: float,
    path: str = PATH,
    least: int = 2,
    severity: str = "major",
    needs: Needs = ("design_document",),
) -> Check:
    """Risks, each with somebody's name and what is done about it.

    A list or a table; owners may stand in a column, or once for all of them in the part's text.
    Names of the quest's people and roles count. Reasons: risks_few, risks_without_… (owner,
    action).
    """

    def judge(work: Workspace) -> None:
        found = document(work, path)
        passages = _passages(found)
        listed = [b for b in passages if b.kind in ("row", "item") and words(b.body)]
        top = min((b.level for b in listed), default=0)
        listed = [b for b in listed if b.level == top]
        named = listed or [b for b in passages if len(words(b.text)) > _SUBSTANCE]
        if len(named) < least:
            raise Fail("risks_few", {"path": path, "found": len(named), "least": least})
        columns = _columns(found)
        for name, has in (("owner", _owner_of(work, columns)), ("action", _action_of(columns))):
            common = name == "owner" and any(has(b) for b in passages if b.kind == "paragraph")
            bare = [b for b in named if not any(map(has, _with_below(b, passages)))]
            bare = [] if common else bare
            if bare:
                raise Fail(
                    f"risks_without_{name}",
                    {"path": path, "found": len(bare), "total": len(named)},
                    share=0.5 * (1 - len(bare) / len(named)),
                    locations=found.at(*bare),
                )

    return library("design_risks", judge, points=points, severity=severity, needs=needs)


def _passages(found: Document) -> tuple[Block, ...]:
    """What stands under a heading of risks; where there is none, what begins with the word."""
    under = tuple(b for b in found.said if any(say.RISKS.search(head) for head in b.under))
    return under or found.about(say.RISKS)


Columns = dict[Block, tuple[str, ...]]


def _columns(found: Document) -> Columns:
    """The table's head above each row."""
    columns: Columns = {}
    head: tuple[str, ...] = ()
    for block in found.blocks:
        if block.kind == "row" and block.level == 1:
            head = block.cells
        elif block.kind == "row":
            columns[block] = head
    return columns


def _in_column(block: Block, columns: Columns, subject: re.Pattern[str]) -> bool:
    head = columns.get(block, ())
    cells = zip(head, block.cells, strict=False)
    return any(subject.search(name) and words(cell) for name, cell in cells)


def _owner_of(work: Workspace, columns: Columns) -> Callable[[Block], bool]:
    """Whether a block names who looks after it: a column, a word for it, or one of the story."""
    people = [
        re.escape(word)
        for person in work.quest.people
        for word in (*person.name.values(), *person.role.values())
    ]
    known = re.compile(rf"(?<!\w)(?:{'|'.join(people)})", re.IGNORECASE) if people else None

    def has(block: Block) -> bool:
        if _in_column(block, columns, say.OWNER_COLUMN) or say.OWNER.search(block.text):
            return True
        return bool(known and known.search(block.text))

    return has


def _action_of(columns: Columns) -> Callable[[Block], bool]:
    """Whether a block says what is done: a column, a word for it, or a clause after the risk's."""

    def has(block: Block) -> bool:
        if _in_column(block, columns, say.MITIGATION) or say.MITIGATION.search(block.body):
            return True
        after = _CLAUSE.split(block.body)[1:]
        return block.kind != "row" and any(len(words(one)) >= _SUBSTANCE for one in after)

    return has


def _with_below(block: Block, passages: Sequence[Block]) -> list[Block]:
    """An item of a list and those under it."""
    found = [block]
    for below in passages[passages.index(block) + 1 :]:
        if below.kind != "item" or below.level <= block.level:
            break
        found.append(below)
    return found
