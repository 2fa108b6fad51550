"""The record of deeds, for operators to read."""

from django.contrib import admin
from django.http import HttpRequest

from simulator.guarding.models import Act


@admin.register(Act)
class ActAdmin(admin.ModelAdmin[Act]):
    list_display = (
        "at",
        "actor_name",
        "method",
        "route",
        "target",
        "status",
        "address",
        "request_id",
    )
    list_filter = ("method", "route", "status")
    search_fields = ("actor_name", "target", "request_id", "address")
    date_hierarchy = "at"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002, Django's own
        return False

    def has_change_permission(
        self,
        request: HttpRequest,  # noqa: ARG002, Django's own
        obj: Act | None = None,  # noqa: ARG002
    ) -> bool:
        return False

    def has_delete_permission(
        self,
        request: HttpRequest,  # noqa: ARG002, Django's own
        obj: Act | None = None,  # noqa: ARG002
    ) -> bool:
        return False
