"""Addresses of the catalogue, the quest pages and a learner's work."""

from django.urls import path

from simulator.progress import person_views, report_views, views

app_name = "progress"
urlpatterns = [
    path("", views.landing, name="landing"),
    path("quests/", views.quests, name="quests"),
    path("quests/<slug:slug>/", views.quest, name="quest"),
    path("quests/<slug:slug>/start", views.start, name="start"),
    path("quests/<slug:slug>/try", views.try_out, name="trial"),
    path("quests/<slug:slug>/board", person_views.board, name="board"),
    path("quests/<slug:slug>/board/seat", person_views.seat, name="seat"),
    path("attempts/<uuid:public_id>/diff/", report_views.compare, name="compare"),
    path("attempts/<uuid:public_id>/business/", report_views.business, name="business"),
    path("attempts/<uuid:public_id>/business/decide", report_views.decide, name="decide"),
    path("attempts/<uuid:public_id>/note", report_views.note, name="note"),
    path("work/", views.work, name="work"),
    path("work/left-behind.zip", person_views.left_behind, name="left-behind"),
    path("skills/", person_views.skill_map, name="skills"),
    path("profile/", person_views.profile, name="profile"),
    path("profile/share", person_views.share, name="share"),
    path("profile/data.json", person_views.export, name="export"),
    path("profile/projects.zip", person_views.export_projects, name="export-projects"),
    path("people/<str:key>/", person_views.public, name="public"),
]
