"""Which address is answered by which app."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("simulator.accounts.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("", include("simulator.api.urls")),
    path("", include("simulator.pages.urls")),
    path("", include("simulator.catalog.urls")),
    path("", include("simulator.progress.urls")),
    path("", include("simulator.attempts.urls")),
    path("", include("simulator.cohorts.urls")),
]
