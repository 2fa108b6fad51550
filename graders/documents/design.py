"""The design document: why, what and how, each with what a reviewer would ask for first."""

import re
from collections.abc import Sequence

from graders.checking import Check
from graders.decision.making import Needs, Truth, library, true_number
from graders.documents import vocabulary as say
from graders.documents.own_words import copied_share, own_blocks, repeated_share
from graders.documents.quantities import Quantity, has_date, quantities, says
from graders.documents.reading import Block, Document, document, words
from graders.failures import Fail
from graders.results import Param
from graders.workspace import Workspace

PATH = "DESIGN.md"
MOST_COPIED = 0.4
MOST_REPEATED = 0.3
_PARTS = {"why": say.WHY, "what": say.WHAT, "how": say.HOW}
_SUBSTANCE = 3  # words: less is a label


def structure(
    *, points: float, path: str = PATH, severity: str = "blocker", needs: Needs = ()
) -> Check:
    """The document says why, what and how in words of its own.

    Parts are found by their headings or bold leads, in English or Russian. What the starter's
    template says already is not counted; nothing counts words. Reasons: part_missing_… and
    part_empty_… (why, what, how), placeholders, copied, repeated, and those of a file that cannot
    be read.
    """

    def judge(work: Workspace) -> None:
        found = document(work, path)
        own = set(own_blocks(work, found))
        for part, subject in _PARTS.items():
            _has_part(found, own, part, subject, path)
        open_ = [b for b in found.blocks if say.PLACEHOLDER.search(b.text)]
        if open_:
            raise Fail(
                "placeholders", {"path": path, "found": len(open_)}, locations=found.at(*open_)
            )
        share = copied_share(work, found.said)
        if share > MOST_COPIED:
            raise Fail("copied", {"path": path, "share": share})
        share = repeated_share(found)
        if share > MOST_REPEATED:
            raise Fail("repeated", {"path": path, "share": share})

    return library("design_document", judge, points=points, severity=severity, needs=needs)


def goal(
    *,
    points: float,
    path: str = PATH,
    severity: str = "major",
    needs: Needs = ("design_document",),
) -> Check:
    """The goal can be measured: a number with its unit, and a date or a time.

    A third of the points for each. Reasons: no_goal, goal_without_… (number, unit, date).
    """

    def judge(work: Workspace) -> None:
        found = document(work, path)
        mentions = tuple(b for b in found.said if say.GOAL.search(b.text))
        places = [p for p in (found.about(say.GOAL), mentions, found.about(say.WHY)) if p]
        if not places:
            raise Fail("no_goal", {"path": path})
        passages = min(places, key=lambda blocks: len(_not_measured(blocks)))
        lacks = _not_measured(passages)
        if lacks:
            raise Fail(
                f"goal_without_{lacks[0]}",
                {"path": path, "found": 3 - len(lacks)},
                share=1 - len(lacks) / 3,
                locations=found.at(*passages[:3]),
            )

    return library("design_goal", judge, points=points, severity=severity, needs=needs)


def _not_measured(passages: Sequence[Block]) -> list[str]:
    """What a goal lacks, of number, unit and date."""
    numbers = [q for b in passages for q in quantities(b.text) if not _is_time(q)]
    present = {
        "number": bool(numbers),
        "unit": any(q.unit for q in numbers),
        "date": any(has_date(block.text) for block in passages),
    }
    return [name for name, there in present.items() if not there]


def metrics(
    *,
    points: float,
    path: str = PATH,
    severity: str = "major",
    needs: Needs = ("design_document",),
) -> Check:
    """A metric of the business, one that can be computed before, and how one moves the other.

    Reasons: online_metric_missing, offline_metric_missing, link_missing.
    """

    def judge(work: Workspace) -> None:
        found = document(work, path)
        inside = set(found.about(say.METRICS))
        online = _mentions(found, say.ONLINE, inside, say.MONEY)
        offline = _mentions(found, say.OFFLINE, inside, say.SCORES)
        for name, there in (("online", online), ("offline", offline)):
            if not there:
                share = 1 / 3 if online or offline else 0.0
                raise Fail(f"{name}_metric_missing", {"path": path}, share=share)
        both = set(online) & set(offline)
        linked = [b for b in {*inside, *online, *offline} if say.LINK.search(b.text)]
        if not linked and not any(len(words(b.body)) > 2 * _SUBSTANCE for b in both):
            places = found.at(*online[:1], *offline[:1])
            raise Fail("link_missing", {"path": path}, share=2 / 3, locations=places)

    return library("design_metrics", judge, points=points, severity=severity, needs=needs)


def data(
    *,
    points: float,
    path: str = PATH,
    least: int = 2,
    tables: Sequence[str] | None = None,
    severity: str = "major",
    needs: Needs = ("design_document",),
) -> Check:
    """The data by name, and what they cannot tell.

    At least `least` tables of the quest (or all of `tables`) are named; a limit stands in the same
    part. Reasons: tables_missing, data_limits_missing.
    """

    def judge(work: Workspace) -> None:
        found = document(work, path)
        known = list(tables or work.quest.tables)
        most = len(known) if tables else min(least, len(known))
        text = found.text + "\n" + "\n".join(block.text for block in found.blocks)
        named = [name for name in known if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
        if len(named) < most:
            facts: dict[str, Param] = {"path": path, "named": len(named), "least": most}
            raise Fail("tables_missing", facts, share=0.5 * len(named) / most)
        near = [b for b in found.said if any(name in b.text for name in named)]
        passages = {*found.about(say.DATA), *near}
        if not any(say.DATA_LIMITS.search(block.text) for block in passages):
            raise Fail(
                "data_limits_missing", {"path": path}, share=0.5, locations=found.at(*near[:3])
            )

    return library("design_data", judge, points=points, severity=severity, needs=needs)


def baseline(
    *,
    points: float,
    path: str = PATH,
    truth: Truth | None = None,
    tolerance: float = 0.0,
    severity: str = "major",
    needs: Needs = ("design_document",),
) -> Check:
    """What is done today and what it is worth; with `truth`, that number is the quest's.

    A written number agrees as exactly as it is written, and within `tolerance` (in its unit).
    Reasons: baseline_missing, baseline_without_number, baseline_differs.
    """

    def judge(work: Workspace) -> None:
        found = document(work, path)
        passages = [b for b in found.said if say.BASELINE.search(b.text)]
        passages = list(dict.fromkeys([*found.about(say.BASELINE), *passages]))
        if not any(_says_something(b) or quantities(b.text) for b in passages):
            raise Fail("baseline_missing", {"path": path})
        numbers = [q for b in passages for q in quantities(b.text)]
        if not numbers:
            raise Fail(
                "baseline_without_number", {"path": path}, share=0.5, locations=found.at(*passages)
            )
        if truth is None:
            return
        own = true_number(work, truth)
        sentences = [sentence for b in passages for sentence in b.sentences()]
        if not any(says(s, q, own, tolerance=tolerance) for s in sentences for q in quantities(s)):
            first = next((q for q in numbers if q.unit == "money"), numbers[0])
            raise Fail(
                "baseline_differs",
                {"path": path, "stated": first.readings[0]},
                locations=found.at(*(b for b in passages if quantities(b.text))),
            )

    return library("design_baseline", judge, points=points, severity=severity, needs=needs)


def experiment(
    *,
    points: float,
    path: str = PATH,
    severity: str = "major",
    needs: Needs = ("design_document",),
) -> Check:
    """How the change will be tried: who is split, how long or how many, and what decides.

    A third of the points for each. Reasons: experiment_missing, experiment_without_… (unit,
    size, decision).
    """

    def judge(work: Workspace) -> None:
        found = document(work, path)
        passages = found.about(say.EXPERIMENT) or tuple(
            b for b in found.said if say.EXPERIMENT.search(b.text)
        )
        text = "\n".join(block.text for block in passages)
        if len(words(text)) <= _SUBSTANCE:
            raise Fail("experiment_missing", {"path": path})
        numbers = quantities(text)
        present = {
            "unit": bool(say.UNIT.search(text)),
            "size": any(_is_time(q) or q.readings[0] >= 100 for q in numbers),  # noqa: PLR2004 - people, not shares
            "decision": bool(say.DECISION.search(text)),
        }
        lacks = [name for name, there in present.items() if not there]
        if lacks:
            raise Fail(
                f"experiment_without_{lacks[0]}",
                {"path": path, "found": 3 - len(lacks)},
                share=1 - len(lacks) / 3,
                locations=found.at(*passages[:3]),
            )

    return library("design_experiment", judge, points=points, severity=severity, needs=needs)


def scope(
    *,
    points: float,
    path: str = PATH,
    severity: str = "minor",
    needs: Needs = ("design_document",),
) -> Check:
    """What is not done is said, too. Reason: scope_open."""

    def judge(work: Workspace) -> None:
        found = document(work, path)
        passages = found.about(say.NOT_IN_SCOPE) or tuple(
            b for b in found.said if say.NOT_IN_SCOPE.search(b.text)
        )
        if not any(len(words(b.body)) >= 1 for b in passages):
            raise Fail("scope_open", {"path": path})

    return library("design_scope", judge, points=points, severity=severity, needs=needs)


def _has_part(
    found: Document, own: set[Block], part: str, subject: re.Pattern[str], path: str
) -> None:
    heads = [b for b in found.blocks if b.is_head and b.kind != "title" and subject.search(b.text)]
    passages = found.about(subject)
    if not heads and not passages:
        raise Fail(f"part_missing_{part}", {"path": path})
    if not any(b in own and _says_something(b) for b in passages):
        raise Fail(f"part_empty_{part}", {"path": path}, locations=found.at(*heads))


def _says_something(block: Block) -> bool:
    return len(words(say.PLACEHOLDER.sub(" ", block.body))) >= _SUBSTANCE


def _mentions(
    found: Document, subject: re.Pattern[str], inside: set[Block], broad: re.Pattern[str]
) -> list[Block]:
    """The blocks that name a kind of metric: anywhere by its name, among metrics by its unit."""
    named = {*found.about(subject), *(b for b in found.said if subject.search(b.text))}
    named |= {b for b in inside if broad.search(b.text)}
    return sorted(named, key=lambda block: block.line)


def _is_time(quantity: Quantity) -> bool:
    return quantity.unit in ("days", "weeks", "months")
