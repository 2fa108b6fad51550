"""Addresses of the instructor's pages."""

from django.urls import path

from simulator.cohorts import views

app_name = "cohorts"
urlpatterns = [
    path("cohorts/", views.cohorts, name="cohorts"),
    path("cohorts/<int:pk>/", views.cohort, name="cohort"),
]
