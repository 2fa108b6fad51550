"""What an operator decides about people; tokens are revoked here, never read."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from simulator.accounts.models import ApiToken, User


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    list_display = (
        "username",
        "email",
        "role",
        "is_active",
        "is_staff",
        "last_login",
    )
    list_filter = (
        "role",
        "is_active",
        "is_staff",
    )
    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        ("Simulator", {"fields": ["role", "language", "theme", "plain_editor"]}),
    )


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    list_display = (
        "user",
        "name",
        "created_at",
        "expires_at",
        "last_used_at",
    )
    search_fields = (
        "user__username",
        "name",
    )
    list_select_related = ("user",)
    exclude = ("digest",)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002, Django's own
        return False

    def has_change_permission(
        self,
        request: HttpRequest,  # noqa: ARG002, Django's own
        obj: ApiToken | None = None,  # noqa: ARG002
    ) -> bool:
        return False
