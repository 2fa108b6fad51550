"""The API as an app: it keeps the devices that wait to be signed in."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "simulator.api"
    label = "api"
