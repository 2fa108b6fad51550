"""What an operator sees of attempts.

History does not change: everything here is read-only, but an open grading may be cancelled and
a quarantined one queued once more.
"""

from typing import TypeVar

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from simulator.attempts import claiming
from simulator.attempts.models import Attempt, Grading, Objection, Outbox, Verdict

Row = TypeVar("Row", bound=Model)


class ReadOnly(admin.ModelAdmin[Row]):
    """Looked at, never edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002, Django's own
        return False

    def has_change_permission(
        self,
        request: HttpRequest,  # noqa: ARG002, Django's own
        obj: Row | None = None,  # noqa: ARG002
    ) -> bool:
        return False

    def has_delete_permission(
        self,
        request: HttpRequest,  # noqa: ARG002, Django's own
        obj: Row | None = None,  # noqa: ARG002
    ) -> bool:
        return False


@admin.register(Attempt)
class AttemptAdmin(ReadOnly[Attempt]):
    list_display = (
        "enrolment",
        "number",
        "stage",
        "source",
        "charged",
        "created_at",
    )
    list_filter = (
        "enrolment__quest",
        "stage",
        "charged",
        "source",
    )
    search_fields = (
        "public_id",
        "enrolment__learner__username",
    )
    list_select_related = ("enrolment__learner",)


@admin.register(Grading)
class GradingAdmin(ReadOnly[Grading]):
    list_display = (
        *("pk", "attempt", "state", "lane", "infra_attempts"),
        *("claimed_at", "finished_at", "quest_version"),
    )
    list_filter = (
        "state",
        "lane",
        "quest_version",
        "runtime",
    )
    search_fields = (
        "attempt__public_id",
        "learner__username",
    )
    list_select_related = ("attempt__enrolment__learner",)
    actions = (
        "cancel",
        "try_again",
    )

    @admin.action(description="Cancel open gradings")
    def cancel(self, request: HttpRequest, chosen: QuerySet[Grading]) -> None:
        done = sum(claiming.cancel(grading.pk) for grading in chosen)
        messages.info(request, f"{done} cancelled")

    @admin.action(description="Queue quarantined gradings once more")
    def try_again(self, request: HttpRequest, chosen: QuerySet[Grading]) -> None:
        done = sum(claiming.release(grading.pk) for grading in chosen)
        messages.info(request, f"{done} queued")


@admin.register(Verdict)
class VerdictAdmin(ReadOnly[Verdict]):
    list_display = (
        "grading",
        "blame",
        "score",
        "readiness",
        "passed",
        "development_only",
        "focus_check",
    )
    list_filter = (
        "blame",
        "readiness",
        "passed",
        "development_only",
    )
    list_select_related = ("grading__attempt__enrolment__learner",)


@admin.register(Objection)
class ObjectionAdmin(ReadOnly[Objection]):
    list_display = (
        "check_name",
        "text",
        "author",
        "grading",
        "created_at",
    )
    list_filter = ("check_name",)
    list_select_related = (
        "author",
        "grading__attempt__enrolment__learner",
    )


@admin.register(Outbox)
class OutboxAdmin(ReadOnly[Outbox]):
    list_display = (
        "pk",
        "kind",
        "grading_id",
        "created_at",
        "published_at",
    )
    list_filter = ("kind",)
