"""Addresses of the workspace, the project's files and the attempts."""

from django.urls import path

from simulator.attempts import data_views, project_views, streaming, views

app_name = "attempts"
urlpatterns = [
    path("quests/<slug:slug>/project/files", project_views.change, name="files"),
    path("quests/<slug:slug>/project/files/<path:path>", project_views.file, name="file"),
    path("quests/<slug:slug>/project/differences", project_views.differences, name="differences"),
    path("quests/<slug:slug>/project/reset", project_views.reset, name="reset"),
    path("quests/<slug:slug>/project/upload", project_views.upload, name="upload"),
    path("quests/<slug:slug>/project/download", project_views.download, name="download"),
    path("quests/<slug:slug>/data/<slug:table>.csv", data_views.sample, name="sample"),
    path("quests/<slug:slug>/<slug:stage>/", views.workspace, name="workspace"),
    path("quests/<slug:slug>/<slug:stage>/try-out", views.try_out, name="try-out"),
    path("quests/<slug:slug>/<slug:stage>/ask", data_views.ask, name="ask"),
    path("quests/<slug:slug>/<slug:stage>/keep-query", data_views.keep_query, name="keep-query"),
    path("quests/<slug:slug>/<slug:stage>/hint", views.hint, name="hint"),
    path("quests/<slug:slug>/<slug:stage>/hand-in", views.hand_in, name="hand-in"),
    path("attempts/<uuid:public_id>/", views.attempt, name="attempt"),
    path("attempts/<uuid:public_id>/events", streaming.events, name="events"),
    path("attempts/<uuid:public_id>/outcome", views.outcome, name="outcome"),
    path("attempts/<uuid:public_id>/receipt.json", views.receipt, name="receipt"),
    path("attempts/<uuid:public_id>/object", views.object_to, name="object"),
]
