"""Numbers of a document against those of the quest and of the learner's own decision.yaml."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graders.checking import Check
from graders.decision.form import Decision
from graders.decision.making import Needs, Truth, library, true_number
from graders.decision.reading import PATH, decision
from graders.documents import vocabulary
from graders.documents.quantities import Quantity, quantities, says
from graders.documents.reading import Block, Document, document
from graders.failures import Fail
from graders.results import Phase
from graders.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A number that a document states near some words.

    `name` is for the message. `near` are beginnings of words, English and Russian, one of which
    stands in the number's sentence. `truth` is the number, or a dotted key of exact.json or
    calibration.json, or a function of the work. `tolerance` is in the number's unit; `required`
    facts have to be stated, others only not contradicted.
    """

    name: str
    near: Sequence[str]
    truth: Truth
    tolerance: float = 0.0
    required: bool = True

    @property
    def subject(self) -> re.Pattern[str]:
        """The words as a pattern."""
        return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, self.near))})", re.IGNORECASE)


def design_numbers(
    *,
    points: float,
    facts: Sequence[Fact] = (),
    path: str = "DESIGN.md",
    severity: str = "major",
    needs: Needs = ("design_document",),
) -> Check:
    """What the design document states agrees with the quest and with decision.yaml.

    A fact is found by the words in its sentence; any number of that sentence may state it. The
    experiment's size, length and effect in decision.yaml must not be contradicted.
    Points are shared evenly among the facts. Reasons: fact_missing, fact_differs, own_differs.
    """
    judge = _judge(path, tuple(facts))
    return library("design_numbers", judge, points=points, severity=severity, needs=needs)


def note_numbers(
    *,
    points: float,
    facts: Sequence[Fact],
    path: str = "PITCH.md",
    phase: Phase = Phase.STATIC,
    severity: str = "major",
    needs: Needs = (),
) -> Check:
    """What the note states agrees with the quest or, in the rollout's phase, with its outcome.

    As `design_numbers`. Reasons: fact_missing, fact_differs, own_differs.
    """
    judge = _judge(path, tuple(facts))
    return library(
        "note_numbers", judge, points=points, severity=severity, needs=needs, phase=phase
    )


def _judge(path: str, facts: tuple[Fact, ...]) -> Callable[[Workspace], None]:
    def judge(work: Workspace) -> None:
        found = document(work, path)
        if not facts:
            work.text(PATH)  # then the learner's own registration is all there is to agree with
        stated = [(fact, _stated(found, fact)) for fact in facts]
        bad = [
            (fact, some)
            for fact, some in stated
            if (fact.required or some) and not _agrees(work, fact, some)
        ]
        share = 1 - len(bad) / max(1, len(facts))
        for fact, some in bad:
            if not some:
                raise Fail("fact_missing", {"path": path, "fact": fact.name}, share=share)
            raise Fail(
                "fact_differs",
                {"path": path, "fact": fact.name, "stated": some[0][1].readings[0]},
                share=share,
                locations=found.at(*(block for block, _ in some)),
            )
        if PATH in work.files:
            _agrees_with_own(found, decision(work))

    return judge


def _stated(found: Document, fact: Fact) -> list[tuple[Block, Quantity]]:
    return [
        (block, quantity)
        for block, sentence in found.sentences()
        if fact.subject.search(sentence) or fact.subject.search(block.lead)
        for quantity in quantities(sentence)
    ]


def _agrees(work: Workspace, fact: Fact, some: Sequence[tuple[Block, Quantity]]) -> bool:
    own = true_number(work, fact.truth)
    return any(
        says(block.text, quantity, own, tolerance=fact.tolerance) for block, quantity in some
    )


_TIGHT = {
    "experiment.n_per_arm": re.compile(
        r"(?<!\w)(?:per (?:arm|group|variant)|in each (?:arm|group)|(?:an|each) (?:arm|group)"
        r"|на (?:группу|ветку|вариант|руку)|в кажд\w+ (?:групп|ветк|вариант)\w*)",
        re.IGNORECASE,
    ),
    "experiment.mde_abs": re.compile(
        r"(?<!\w)(?:mde|minimum detectable|smallest effect|мдэ"
        r"|минимальн\w+ (?:\w+ )?эффект|наименьш\w+ эффект)",
        re.IGNORECASE,
    ),
    "experiment.days": re.compile(
        r"(?<!\w)(?:runs? for|duration|lasts?|длит|идёт|идет|продлится|в течение"
        r"|for (?:two|three|four|\d+) (?:full |whole )?(?:days|weeks))",
        re.IGNORECASE,
    ),
}


def _agrees_with_own(found: Document, own: Decision) -> None:
    """What the document says of the experiment is what decision.yaml registers."""
    if own.experiment is None:
        return
    registered = {
        "experiment.n_per_arm": (own.experiment.n_per_arm, 0.1 * own.experiment.n_per_arm),
        "experiment.mde_abs": (own.experiment.mde_abs, 0.0),
        "experiment.days": (own.experiment.days, 0.0),
    }
    inside = set(found.about(vocabulary.EXPERIMENT))
    for key, (value, tolerance) in registered.items():
        some = [
            (block, quantity)
            for block, sentence in found.sentences()
            if key != "experiment.days" or block in inside or _of_experiment(sentence)
            for quantity in _nearest_first(sentence, _TIGHT[key])
            if (quantity.unit in ("days", "weeks", "months")) == (key == "experiment.days")
        ]
        if some and not any(q.agrees(value, tolerance=tolerance) for _, q in some):
            raise Fail(
                "own_differs",
                {
                    "path": found.path,
                    "other": PATH,
                    "key": key,
                    "stated": some[0][1].readings[0],
                    "registered": float(value),
                },
                locations=found.at(*(block for block, _ in some)),
            )


def _of_experiment(sentence: str) -> bool:
    return bool(vocabulary.EXPERIMENT.search(sentence))


def _nearest_first(sentence: str, words: re.Pattern[str]) -> list[Quantity]:
    """The numbers of a sentence that has the words, those beside them first."""
    match = words.search(sentence)
    if match is None:
        return []
    return sorted(quantities(sentence), key=lambda q: abs(q.start - match.start()))
