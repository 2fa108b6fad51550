"""Where an operator registers a learning platform."""

from django.contrib import admin

from simulator.lti.models import Platform


@admin.register(Platform)
class PlatformAdmin(admin.ModelAdmin[Platform]):
    list_display = ("name", "issuer", "client_id")
    search_fields = ("name", "issuer")
