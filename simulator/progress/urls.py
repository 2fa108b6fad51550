"""Addresses of the catalogue, the quest pages and a learner's work."""

from django.urls import path

from simulator.progress import views

app_name = "progress"
urlpatterns = [
    path("", views.landing, name="landing"),
    path("quests/", views.quests, name="quests"),
    path("quests/<slug:slug>/", views.quest, name="quest"),
    path("quests/<slug:slug>/start", views.start, name="start"),
    path("work/", views.work, name="work"),
]
