"""A verdict as one JSON document: what a machine reads of what a learner reads."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from graders.messages import render
from graders.quest import Language, Quest, Stage
from graders.receipts import receipt_of
from graders.results import CheckResult, Outcome, Severity, Verdict

SCHEMA_VERSION = "1"
_WORST = (Severity.BLOCKER, Severity.MAJOR, Severity.MINOR, Severity.NOTE, Severity.PRAISE)
_NO_WORK = (Outcome.PASSED, Outcome.SKIPPED, Outcome.BROKEN)


def report_of(
    quest: Quest, stage: Stage, work: str, verdict: Verdict, language: Language
) -> Mapping[str, Any]:
    """The result document of a work at a stage, its messages in one language."""
    receipt = receipt_of(verdict)
    focus = focus_of(verdict)
    return {
        "schema_version": SCHEMA_VERSION,
        "quest": quest.slug,
        "quest_version": quest.version,
        "quest_digest": quest.digest,
        "stage": stage.slug,
        "work": work,
        "language": language,
        "blame": verdict.blame,
        "score": verdict.score,
        "max_score": 100,
        "passed": verdict.passed,
        "merit": verdict.merit,
        "readiness": verdict.readiness,
        "focus": focus.check if focus else None,
        "development_only": verdict.development_only,
        "checks": [_check(quest, stage, result, language) for result in verdict.results],
        "resources": {"peak_memory_mb": verdict.peak_memory_mb, **asdict(verdict.clocks)},
        "basis": receipt.model_dump(mode="json")["basis"] if receipt else None,
    }


def focus_of(verdict: Verdict) -> CheckResult | None:
    """What to mend first: the gravest check that needs work, in the order of the grading."""
    open_ = [result for result in verdict.results if result.outcome not in _NO_WORK]
    return min(open_, key=lambda result: _WORST.index(result.severity), default=None)


def _check(quest: Quest, stage: Stage, result: CheckResult, language: Language) -> dict[str, Any]:
    message = render(quest, stage, result, language)
    return {
        "check": result.check,
        "title": message.title,
        "group": result.group,
        "kind": result.kind,
        "severity": result.severity,
        "phase": result.phase,
        "status": result.outcome,
        "score": result.points,
        "max_score": result.max_points,
        "reason": result.reason,
        "params": result.params,
        "sentence": message.sentence,
        "what": message.what,
        "why": message.why,
        "reproduce": message.reproduce,
        "lesson": message.lesson or None,
        "locations": [asdict(place) for place in result.locations],
        "waits_for": result.waits_for,
        "output": result.output,
        "seconds": result.seconds,
    }
