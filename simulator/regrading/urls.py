"""Addresses of a cohort's regrades."""

from django.urls import path

from simulator.regrading import views

app_name = "regrading"
urlpatterns = [
    path("cohorts/<int:pk>/regrades/", views.regrades, name="regrades"),
    path("cohorts/<int:pk>/regrades/begin", views.begin, name="begin"),
    path("cohorts/<int:pk>/regrades/<int:number>/", views.regrade, name="regrade"),
    path("cohorts/<int:pk>/regrades/<int:number>/changes.csv", views.table, name="table"),
    path("cohorts/<int:pk>/regrades/<int:number>/apply", views.apply, name="apply"),
    path("cohorts/<int:pk>/regrades/<int:number>/discard", views.discard, name="discard"),
    path("cohorts/<int:pk>/regrades/<int:number>/roll-back", views.roll_back, name="roll-back"),
]
