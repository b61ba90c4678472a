"""The pages below /ops/."""

from django.urls import path

from monitoring.console import projections

app_name = "ops"
urlpatterns = [
    path("projections/", projections.listed, name="projections"),
]
