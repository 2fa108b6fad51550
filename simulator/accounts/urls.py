"""Addresses under /accounts/ beside those of allauth."""

from django.urls import path

from simulator.accounts import views

app_name = "accounts"
urlpatterns = [
    path("settings/", views.settings, name="settings"),
    path("language/", views.language, name="language"),
    path("welcome/", views.welcome, name="welcome"),
    path("theme/", views.theme, name="theme"),
]
