"""The note to a stakeholder: the decision and the number first, in words that they use."""

import re
from collections.abc import Sequence

from graders.checking import Check
from graders.decision.making import Needs, library
from graders.documents import vocabulary as say
from graders.documents.jargon import FIELDS, TERMS, Field, Term
from graders.documents.own_words import copied_share
from graders.documents.quantities import quantities
from graders.documents.reading import Block, Document, document, words
from graders.failures import Fail
from graders.results import Param
from graders.workspace import Workspace

PATH = "PITCH.md"
MOST_CHARACTERS = 1500
MOST_COPIED = 0.4
LEADING = 3  # sentences, the title among them
LONG_SENTENCE = 28  # words
_EXPLAINED = 3  # words in brackets explain
_EXPLAINING = re.compile(
    r"[\w\s]{0,20}?(?:\(|,? ?(?:то есть|т\. ?е\.|that is,?|i\.e\.,?|meaning)) ?([^()]{3,200})"
)
_PARTS = {
    "risk": say.RISK,
    "ask": say.ASK,
    "change": say.CHANGE,
    "input": say.INPUT,
    "output": say.OUTPUT,
}


def leads(
    *,
    points: float,
    path: str = PATH,
    unit: str | None = "money",
    severity: str = "major",
    needs: Needs = (),
) -> Check:
    """The first three sentences hold the decision and the number that it rests on.

    `unit` is what the number is of: money, percent, points, or None for any unit. The title counts
    as a sentence. Reasons: placeholders, copied, lead_without_… (decision, number).
    """

    def judge(work: Workspace) -> None:
        found = document(work, path)
        _is_own(work, found)
        opening = _opening(found)
        text = "\n".join(opening)
        numbers = [q for q in quantities(text) if (q.unit == unit if unit else q.unit)]
        decided = bool(say.VERDICT.search(text))
        lacks = [n for n, there in (("decision", decided), ("number", bool(numbers))) if not there]
        if lacks:
            share = 0.5 if len(lacks) == 1 else 0.0
            first = found.at(*found.said[:1])
            raise Fail(f"lead_without_{lacks[0]}", {"path": path}, share=share, locations=first)

    return library("note_leads", judge, points=points, severity=severity, needs=needs)


def plain(
    *,
    points: float,
    path: str = PATH,
    fields: Sequence[Field] = FIELDS,
    allowed: Sequence[str] = (),
    severity: str = "major",
    needs: Needs = (),
) -> Check:
    """No word of the trade without a few plain ones in brackets behind it; no p-value at all.

    `fields` are lists of ``graders/documents/jargon.py``; `allowed` are names of terms that this
    stakeholder does use. A quarter of the points for each term. Reasons: note_empty, p_value,
    jargon.
    """
    unknown = set(allowed) - {term.name for term in TERMS} | set(fields) - set(FIELDS)
    if unknown:
        raise ValueError(f"no term or field of jargon is called {', '.join(sorted(unknown))}")
    terms = [t for t in TERMS if t.field in fields and t.name not in allowed]

    def judge(work: Workspace) -> None:
        found = document(work, path)
        if not found.said:
            raise Fail("note_empty", {"path": path})
        bad = [
            (block, term) for block in found.blocks for term in terms if _unexplained(block, term)
        ]
        sure = [block for block, term in bad if term.name in ("p-value", "null hypothesis")]
        if sure:
            raise Fail("p_value", {"path": path}, locations=found.at(*sure))
        if bad:
            names = list(dict.fromkeys(term for _, term in bad))
            first = names[0]
            instead = first.ru if _is_russian(found) else first.en
            raise Fail(
                "jargon",
                {"path": path, "found": len(names), "term": first.name, "instead": instead},
                share=max(0.0, 1 - len(names) / 4),
                locations=found.at(*(block for block, _ in bad)),
            )

    return library("note_plain", judge, points=points, severity=severity, needs=needs)


def interval(
    *, points: float, path: str = PATH, severity: str = "major", needs: Needs = ()
) -> Check:
    """How sure the number is, in words: from … to …, between … and ….

    Two numbers and such words stand in one sentence. Reason: interval_missing.
    """

    def judge(work: Workspace) -> None:
        found = document(work, path)
        told = [
            sentence
            for _, sentence in found.sentences()
            if say.INTERVAL.search(sentence) and len(quantities(sentence)) > 1
        ]
        if not told:
            raise Fail("interval_missing", {"path": path})

    return library("note_interval", judge, points=points, severity=severity, needs=needs)


def complete(
    *,
    points: float,
    path: str = PATH,
    parts: Sequence[str] = ("risk", "ask", "change"),
    most_characters: int = MOST_CHARACTERS,
    severity: str = "major",
    needs: Needs = (),
) -> Check:
    """A risk, a request, and what changes for the customer, on one page.

    `parts` are of risk, ask, change, input, output. Points are shared evenly among them. Reasons:
    note_too_long, note_without_… (a part).
    """
    if not set(parts) <= set(_PARTS):
        raise ValueError(f"parts of a note are {', '.join(_PARTS)}")

    def judge(work: Workspace) -> None:
        found = document(work, path)
        length = sum(len(block.text) for block in found.blocks)
        if length > most_characters:
            raise Fail("note_too_long", {"path": path, "found": length, "most": most_characters})
        lacks = [part for part in parts if not _PARTS[part].search(found.text)]
        if lacks:
            share = 1 - len(lacks) / len(parts)
            raise Fail(f"note_without_{lacks[0]}", {"path": path}, share=share)

    return library("note_complete", judge, points=points, severity=severity, needs=needs)


def readable(
    *,
    points: float = 0,
    path: str = PATH,
    most_words: int = LONG_SENTENCE,
    severity: str = "note",
    needs: Needs = (),
) -> Check:
    """Sentences that can be read aloud: a remark, no points. Reason: long_sentences."""

    def judge(work: Workspace) -> None:
        found = document(work, path)
        long_ = [(b, len(words(s))) for b, s in found.sentences() if len(words(s)) > most_words]
        if long_:
            facts: dict[str, Param] = {
                "path": path,
                "found": len(long_),
                "longest": max(n for _, n in long_),
            }
            raise Fail("long_sentences", facts, locations=found.at(*(b for b, _ in long_)))

    return library("note_readable", judge, points=points, severity=severity, needs=needs)


def _is_own(work: Workspace, found: Document) -> None:
    open_ = [b for b in found.blocks if say.PLACEHOLDER.search(b.text)]
    if open_:
        facts: dict[str, Param] = {"path": found.path, "found": len(open_)}
        raise Fail("placeholders", facts, locations=found.at(*open_))
    share = copied_share(work, found.said)
    if share > MOST_COPIED:
        raise Fail("copied", {"path": found.path, "share": share})


def _opening(found: Document) -> list[str]:
    """The title and the sentences after it, three in all."""
    told: list[str] = []
    for block in found.blocks:
        if block.kind == "code" or not block.text:
            continue
        told += [block.text] if block.is_head else block.sentences()
        if len(told) >= LEADING:
            break
    return told[: LEADING + 1] if found.blocks and found.blocks[0].is_head else told[:LEADING]


def _unexplained(block: Block, term: Term) -> bool:
    for match in term.spelled.finditer(block.text):
        after = _EXPLAINING.match(block.text, match.end())
        if after is None or len(words(after[1])) < _EXPLAINED:
            return True
    return False


def _is_russian(found: Document) -> bool:
    letters = [c for c in found.text.lower() if c.isalpha()]
    return 2 * sum("а" <= c <= "я" or c == "ё" for c in letters) > len(letters)
