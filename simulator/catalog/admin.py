"""What an operator sees of enrolments; projects belong to their learners."""

from django.contrib import admin
from django.http import HttpRequest

from simulator.catalog.models import Enrolment


@admin.register(Enrolment)
class EnrolmentAdmin(admin.ModelAdmin[Enrolment]):
    list_display = (
        "learner",
        "quest",
        "version",
        "created_at",
    )
    list_filter = (
        "quest",
        "version",
    )
    search_fields = ("learner__username",)
    list_select_related = ("learner",)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002, Django's own
        return False

    def has_change_permission(
        self,
        request: HttpRequest,  # noqa: ARG002, Django's own
        obj: Enrolment | None = None,  # noqa: ARG002
    ) -> bool:
        return False
