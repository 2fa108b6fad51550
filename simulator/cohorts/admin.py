"""Where an operator makes cohorts, and reads who looked at whose work."""

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest

from simulator.cohorts.models import Cohort, CohortQuest, Deadline, Look, Membership, Staff


class StaffInline(admin.TabularInline[Staff, Cohort]):
    model = Staff
    autocomplete_fields = ("user",)
    extra = 1


class MembershipInline(admin.TabularInline[Membership, Cohort]):
    model = Membership
    autocomplete_fields = ("learner",)
    extra = 1


class CohortQuestInline(admin.TabularInline[CohortQuest, Cohort]):
    model = CohortQuest
    extra = 1


@admin.register(Cohort)
class CohortAdmin(admin.ModelAdmin[Cohort]):
    list_display = (
        "name",
        "created_at",
    )
    search_fields = ("name",)
    inlines = (
        StaffInline,
        MembershipInline,
        CohortQuestInline,
    )


class DeadlineInline(admin.TabularInline[Deadline, CohortQuest]):
    model = Deadline
    extra = 1


@admin.register(CohortQuest)
class CohortQuestAdmin(admin.ModelAdmin[CohortQuest]):
    list_display = (
        "cohort",
        "quest",
        "version",
    )
    list_select_related = ("cohort",)
    inlines = (DeadlineInline,)


@admin.register(Look)
class LookAdmin(admin.ModelAdmin[Look]):
    """The log is read, never written by hand."""

    list_display = ("created_at", "looker", "learner", "what", "attempt")
    list_filter = ("what",)
    search_fields = ("looker__username", "learner__username", "attempt")
    list_select_related = ("looker", "learner")
    date_hierarchy: ClassVar[str] = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002, Django's own
        return False

    def has_change_permission(
        self,
        request: HttpRequest,  # noqa: ARG002, Django's own
        obj: Look | None = None,  # noqa: ARG002
    ) -> bool:
        return False

    def has_delete_permission(
        self,
        request: HttpRequest,  # noqa: ARG002, Django's own
        obj: Look | None = None,  # noqa: ARG002
    ) -> bool:
        return False
