"""Addresses of the desk, and of what a learner sees of their cohorts and data."""

from django.urls import path

from simulator.desk import items_views, learner_views, my_views, people_views, plan_views, views

app_name = "desk"
COHORT = "cohorts/<int:pk>/"
urlpatterns = [
    path("cohorts/", views.cohorts, name="cohorts"),
    path("cohorts/new", views.create, name="create"),
    path(COHORT, views.cohort, name="cohort"),
    path(f"{COHORT}export/", views.exports, name="exports"),
    path(f"{COHORT}export/<slug:what>.<slug:kind>", views.export, name="export"),
    path(f"{COHORT}looks/", views.looks, name="looks"),
    path(f"{COHORT}people/", people_views.people, name="people"),
    path(f"{COHORT}people/invite", people_views.invite, name="invite"),
    path(f"{COHORT}people/withdraw", people_views.withdraw, name="withdraw-invitation"),
    path(f"{COHORT}people/change", people_views.change, name="change-learner"),
    path(f"{COHORT}people/staff", people_views.staff, name="staff"),
    path(f"{COHORT}plan/", plan_views.plan, name="plan"),
    path(f"{COHORT}plan/settings", plan_views.settings, name="settings"),
    path(f"{COHORT}plan/quest", plan_views.quest, name="quest"),
    path(f"{COHORT}plan/dates", plan_views.dates, name="dates"),
    path(f"{COHORT}plan/extend", plan_views.extend, name="extend"),
    path(f"{COHORT}plan/pause", plan_views.pause, name="pause"),
    path(f"{COHORT}learners/<int:learner>/", learner_views.learner, name="learner"),
    path(f"{COHORT}learners/<int:learner>/nudge", learner_views.nudge, name="nudge"),
    path(f"{COHORT}checks/", items_views.checks, name="checks"),
    path(f"{COHORT}similar/", items_views.similar, name="similar"),
    path(
        f"{COHORT}similar/<uuid:left>/<uuid:right>/", items_views.side_by_side, name="side-by-side"
    ),
    path("join/<str:token>/", my_views.join, name="join"),
    path("my/cohorts/", my_views.my_cohorts, name="my-cohorts"),
    path("my/cohorts/<int:pk>/leave", my_views.leave, name="leave"),
    path("my/data/", my_views.data, name="data"),
    path("my/data.json", my_views.download, name="download-data"),
    path("my/data/delete", my_views.delete, name="delete-data"),
]
