"""Addresses of the pages that belong to no app."""

from django.urls import path

from simulator.pages import views

app_name = "pages"
urlpatterns = [
    path("help/", views.help_page, name="help"),
]
