"""Addresses of a quest's lessons."""

from django.urls import path

from simulator.catalog import views

app_name = "catalog"
urlpatterns = [
    path("quests/<slug:slug>/lessons/", views.lessons, name="lessons"),
    path("quests/<slug:slug>/lessons/<slug:lesson_slug>/", views.lesson, name="lesson"),
]
