"""Addresses that platforms know, and the page on which a cohort's synchronisation is seen."""

from django.urls import path

from simulator.lti import views

app_name = "lti"
urlpatterns = [
    path("lti/keys", views.keys, name="keys"),
    path("lti/login", views.login, name="login"),
    path("lti/launch", views.launch, name="launch"),
    path("lti/pick", views.pick, name="pick"),
    path("cohorts/<int:pk>/lms/", views.lms, name="lms"),
    path("cohorts/<int:pk>/lms/sync", views.sync, name="sync"),
]
