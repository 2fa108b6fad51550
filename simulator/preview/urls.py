"""The site's addresses, and the author's own pages beside them."""

from django.urls import include, path

from simulator.preview import views

urlpatterns = [
    path("preview/", views.index, name="preview"),
    path("preview/messages/<slug:slug>/", views.messages, name="preview-messages"),
    path("preview/stamp", views.stamp, name="preview-stamp"),
    path("", include("simulator.urls")),
]
