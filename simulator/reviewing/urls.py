"""Addresses of the review: the staff's below a cohort, the learner's below an attempt."""

from django.urls import path

from simulator.reviewing import views

app_name = "reviewing"
SHEET = "cohorts/<int:pk>/review/<uuid:public_id>/"
urlpatterns = [
    path("cohorts/<int:pk>/review/", views.review, name="review"),
    path("cohorts/<int:pk>/rubric", views.rubric, name="rubric"),
    path("cohorts/<int:pk>/bank", views.forget, name="forget"),
    path(SHEET, views.sheet, name="sheet"),
    path(f"{SHEET}comment", views.comment, name="comment"),
    path(f"{SHEET}withdraw", views.withdraw, name="withdraw"),
    path(f"{SHEET}publish", views.publish, name="publish"),
    path(f"{SHEET}answer", views.answer, name="answer"),
    path(f"{SHEET}grade", views.change_grade, name="change-grade"),
    path(f"{SHEET}undo", views.undo_change, name="undo-change"),
    path("attempts/<uuid:public_id>/feedback/", views.feedback, name="feedback"),
    path("attempts/<uuid:public_id>/ask-people", views.ask, name="ask"),
    path("attempts/<uuid:public_id>/reply", views.reply, name="reply"),
]
