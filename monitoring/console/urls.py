"""The pages below /ops/."""

from django.urls import path

from monitoring.console import health, overview, projections

app_name = "ops"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("health/", health.health, name="health"),
    path("projections/", projections.listed, name="projections"),
]
