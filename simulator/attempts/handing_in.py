"""Hand in: one immutable attempt, queued once, however often the button is pressed."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from graders.quest import Quest, Stage
from sandbox.client import RunnerSandbox
from sandbox.interface import Sandbox
from simulator.attempts import budgets, drafts, intake, ringing
from simulator.attempts.models import Attempt, Grading, Snapshot
from simulator.attempts.parsing import check_syntax
from simulator.attempts.passing import passed_stages
from simulator.attempts.refusals import Refusal
from simulator.catalog import quests
from simulator.catalog.models import Enrolment


def hand_in(
    enrolment: Enrolment,
    stage_slug: str,
    *,
    key: str,
    source: Attempt.Source,
    files: Mapping[str, bytes] | None = None,
) -> Attempt:
    """Hand in the project for a stage; with `files`, they become the project first.

    The same key for the same work gives the attempt that is already there. Raises Refusal, with
    one sentence for the learner; then nothing is stored or changed.
    """
    work = drafts.files_of(enrolment) if files is None else dict(files)
    quest = quests.get_quest(enrolment.quest)
    stage = _open_stage(quest, stage_slug, enrolment)
    intake.validate(work)
    manifest = {path: _digest(content) for path, content in sorted(work.items())}
    known = _known(enrolment, key=key, stage=stage, manifest=manifest)
    if known is not None:
        return known
    parsed = check_syntax(work, sandbox=sandbox(), runtime=stage.runtime or quest.runtime)
    quests.keep(quest)
    with transaction.atomic():
        # Whoever hands in for this enrolment waits here, and then sees the key that was first.
        Enrolment.objects.select_for_update().get(pk=enrolment.pk)
        known = _known(enrolment, key=key, stage=stage, manifest=manifest)
        if known is not None:
            return known
        budgets.check(enrolment, quest, stage)
        if files is not None:
            drafts.replace_files(enrolment, work)
        _keep_contents(work, manifest, parsed=parsed)
        attempt = _create(enrolment, stage, key=key, source=source, manifest=manifest)
        grading = queue(attempt, quest)
        ringing.ring(grading.pk)
    return attempt


def queue(
    attempt: Attempt, quest: Quest, lane: Grading.Lane = Grading.Lane.INTERACTIVE
) -> Grading:
    """Queue a grading of an attempt in the quest's present version."""
    stage = quest.stage(attempt.stage)
    return Grading.objects.create(
        attempt=attempt,
        learner_id=attempt.enrolment.learner_id,
        lane=lane,
        quest_version=quest.version,
        quest_digest=quest.digest,
        runtime=stage.runtime or quest.runtime,
        scale=settings.SIM_SCALE or quest.grading_scale,
    )


def page_key(enrolment: Enrolment, stage_slug: str, *, seen: int) -> str:
    """The key of a page that was drawn when there were `seen` attempts.

    A double click or a second tab sends the same work with the same number, so it is one
    attempt; other work, or the same once more after the report was seen, is another.
    """
    files = drafts.files_of(enrolment)
    manifest = {path: _digest(content) for path, content in sorted(files.items())}
    facts = json.dumps([enrolment.pk, stage_slug, seen, manifest])
    return hashlib.sha256(facts.encode()).hexdigest()


def sandbox() -> Sandbox:
    """The rooms of this host's runner; a hand-in needs one to parse in."""
    return RunnerSandbox(Path(settings.SIM_RUNNER_SOCKET))


def _open_stage(quest: Quest, slug: str, enrolment: Enrolment) -> Stage:
    stages = {stage.slug: stage for stage in quest.stages}
    if slug not in stages:
        raise Refusal("stage_unknown", stage=slug, stages=", ".join(stages))
    missing = set(stages[slug].requires) - passed_stages(enrolment)
    if missing and not enrolment.learner.skips_ahead:
        first = next(name for name in stages if name in missing)
        raise Refusal("stage_locked", requires=first)
    return stages[slug]


def _known(
    enrolment: Enrolment, *, key: str, stage: Stage, manifest: Mapping[str, str]
) -> Attempt | None:
    """The attempt of that key. Raises Refusal when the key stands for other work."""
    attempt = Attempt.objects.filter(enrolment=enrolment, idempotency_key=_short(key)).first()
    if attempt is not None and (attempt.stage, attempt.manifest) != (stage.slug, manifest):
        raise Refusal("key_reused")
    return attempt


def _keep_contents(
    work: Mapping[str, bytes], manifest: Mapping[str, str], *, parsed: frozenset[str]
) -> None:
    contents = {digest: work[path] for path, digest in manifest.items()}
    Snapshot.objects.bulk_create(
        (
            Snapshot(digest=digest, content=content, parsed=digest in parsed)
            for digest, content in contents.items()
        ),
        ignore_conflicts=True,
    )
    Snapshot.objects.filter(digest__in=parsed, parsed=False).update(parsed=True)


def _create(
    enrolment: Enrolment,
    stage: Stage,
    *,
    key: str,
    source: Attempt.Source,
    manifest: Mapping[str, str],
) -> Attempt:
    last = Attempt.objects.filter(enrolment=enrolment).aggregate(last=Max("number"))["last"]
    return Attempt.objects.create(
        enrolment=enrolment,
        stage=stage.slug,
        number=(last or 0) + 1,
        manifest=dict(manifest),
        source=source,
        idempotency_key=_short(key),
    )


def _short(key: str) -> str:
    """A key as the column holds it, whatever its length."""
    return hashlib.sha256(key.encode()).hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
