"""An attempt, its gradings and their one verdict each: the queue of record."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from simulator.catalog.models import Enrolment


class Snapshot(models.Model):
    """A file's content, stored once under its SHA-256."""

    digest = models.CharField(max_length=64, primary_key=True)
    content = models.BinaryField()
    parsed = models.BooleanField(default=False)  # a room has parsed it as Python, without error

    def __str__(self) -> str:
        return self.digest[:12]


class Attempt(models.Model):
    """An immutable snapshot of a project, handed in for one stage."""

    class Source(models.TextChoices):
        WEB = "web", "the website"
        API = "api", "the command line"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="attempts")
    stage = models.SlugField(max_length=40)
    number = models.PositiveIntegerField()  # 1, 2, 3 … within the enrolment
    manifest = models.JSONField()  # path -> SHA-256 of its content
    source = models.CharField(max_length=8, choices=Source, default=Source.WEB)
    idempotency_key = models.CharField(max_length=64)
    charged = models.BooleanField(default=False)  # counts as an attempt; set by finish alone
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrolment", "number"], name="one_attempt_a_number"),
            models.UniqueConstraint(
                fields=["enrolment", "idempotency_key"], name="one_attempt_a_key"
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.enrolment}"


class Grading(models.Model):
    """One (re)grading of an attempt: a state machine with a lease and a fence."""

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        RUNNING = "running", "running"
        DONE = "done", "done"
        CANCELLED = "cancelled", "cancelled"
        QUARANTINED = "quarantined", "quarantined"  # we failed too often: a person will look
        REFUSED = "refused", "refused"  # a file does not parse, and no room was free at hand-in

    class Lane(models.TextChoices):
        INTERACTIVE = "interactive", "interactive"
        BATCH = "batch", "batch"

    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="gradings")
    # The attempt's learner once more: a claim counts what a learner has running.
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    lane = models.CharField(max_length=12, choices=Lane, default=Lane.INTERACTIVE)
    fence = models.PositiveIntegerField(default=0)  # grows with every claim
    lease_until = models.DateTimeField(null=True, blank=True)
    # Who holds the claim: a process of a host. Where it is seen to be gone, nobody waits a lease.
    claimed_by = models.CharField(max_length=120, blank=True, db_default="")
    run_until = models.DateTimeField(null=True, blank=True)  # beats or not, then it is taken away
    infra_attempts = models.PositiveSmallIntegerField(default=0)  # claims that we did not end well
    # Claims that died with what they stood on: a worker, a runner.
    losses = models.PositiveSmallIntegerField(db_default=0)
    # Our own words for the last failure, never a learner's.
    trouble = models.CharField(max_length=200, blank=True, db_default="")
    not_before = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    refused_for = models.JSONField(null=True, blank=True)  # graders.intake.Problem, as JSON
    quest_version = models.CharField(max_length=16)  # pinned when it was created
    quest_digest = models.CharField(max_length=64)
    runtime = models.CharField(max_length=80)
    scale = models.CharField(max_length=16)
    created_at = models.DateTimeField(db_default=Now())
    claimed_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(fields=["state", "lease_until"]),
            models.Index(fields=["learner", "claimed_at"]),
        ]

    def __str__(self) -> str:
        return f"grading {self.pk} of {self.attempt}"


class Capacity(models.Model):
    """How many gradings of a lane run at a time; what is left is reserved for the other lanes.

    A row is also the lock by which two claims of its lane take turns.
    """

    lane = models.CharField(max_length=12, choices=Grading.Lane, primary_key=True)
    most_running = models.PositiveSmallIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.lane}: {self.most_running}"


class Result(models.Model):
    """A check's result as soon as it is known; a later claim's rows replace an earlier one's."""

    class Event(models.TextChoices):
        PHASE = "phase", "a phase begins"
        RESULT = "result", "a check has ended"

    grading = models.ForeignKey(Grading, models.CASCADE, related_name="results")
    fence = models.PositiveIntegerField()
    position = models.PositiveIntegerField()  # the order of the events of one claim
    event = models.CharField(max_length=16, choices=Event)
    body = models.JSONField()  # graders.results, as JSON
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["grading", "fence", "position"], name="one_result_a_position"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.position} of grading {self.grading_id}"


class Verdict(models.Model):
    """The outcome of a grading: at most one each."""

    grading = models.OneToOneField(
        Grading, models.CASCADE, primary_key=True, related_name="verdict"
    )
    blame = models.CharField(max_length=16)
    score = models.FloatField()
    readiness = models.CharField(max_length=12)
    passed = models.BooleanField()
    merit = models.BooleanField()
    body = models.JSONField()  # graders.results.Verdict, as JSON
    development_only = models.BooleanField(default=False)  # a room had no control group
    focus_check = models.CharField(max_length=80, blank=True)  # the finding to look at first
    focus_reason = models.CharField(max_length=80, blank=True)
    queued_seconds = models.FloatField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.blame}, {self.score}"


class Outbox(models.Model):
    """A message to send, written in the transaction that made it true."""

    class Kind(models.TextChoices):
        GRADE = "grade", "ring the worker's bell"
        EVENT = "event", "tell the pages that look"

    grading = models.ForeignKey(Grading, models.CASCADE, related_name="outbox")
    kind = models.CharField(max_length=16, choices=Kind)
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["published_at", "created_at"])]

    def __str__(self) -> str:
        return f"{self.kind} for grading {self.grading_id}"


class Objection(models.Model):
    """A learner says that a check looks wrong."""

    grading = models.ForeignKey(Grading, models.CASCADE, related_name="objections")
    check_name = models.CharField(max_length=80)
    text = models.CharField(max_length=1000, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.check_name}: {self.text[:40]}"
