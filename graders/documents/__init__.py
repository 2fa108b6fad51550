"""Documents: a design document that says why, what and how, and a note that a stakeholder reads.

    from graders import documents

    written = documents.structure(points=5)
    goal = documents.goal(points=8)
    baseline = documents.baseline(points=6, truth="baseline.incumbent", tolerance=1)
    agrees = documents.design_numbers(points=6, facts=[documents.Fact(
        name="limit", near=("limit", "лимит", "предел"), truth="max_share")])
    first = documents.leads(points=5)             # PITCH.md
    plain = documents.plain(points=5)

English and Russian are read alike. What counts is structure and agreement with the quest's numbers
and the learner's own decision.yaml, never a number of words: a terse document passes. Markdown is
parsed in the parser jail. Checks stand in the static phase and the business group; their texts are
in ``graders/messages/documents.yaml``.
"""

from graders.documents.design import (
    baseline,
    data,
    experiment,
    goal,
    metrics,
    scope,
    structure,
)
from graders.documents.jargon import FIELDS
from graders.documents.note import complete, interval, leads, plain, readable
from graders.documents.numbers import Fact, design_numbers, note_numbers
from graders.documents.reading import Document, document
from graders.documents.risks import risks

__all__ = [
    "FIELDS",
    "Document",
    "Fact",
    "baseline",
    "complete",
    "data",
    "design_numbers",
    "document",
    "experiment",
    "goal",
    "interval",
    "leads",
    "metrics",
    "note_numbers",
    "plain",
    "readable",
    "risks",
    "scope",
    "structure",
]
