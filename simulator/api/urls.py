"""Addresses of the API and of the health page."""

from django.urls import path

from simulator.api import device_views, reference
from simulator.api.endpoints import api
from simulator.api.views import events, health

urlpatterns = [
    path("api/attempts/<uuid:public_id>/events", events, name="api-events"),
    path("api/docs/", reference.page, name="api-reference"),
    path("api/", api.urls),
    path("accounts/device/", device_views.page, name="device"),
    path("health/", health, name="health"),
]
