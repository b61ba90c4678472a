"""The pages below /ops/."""

from django.urls import path

from monitoring.console import event, events, projections, stream

app_name = "ops"
urlpatterns = [
    path("projections/", projections.listed, name="projections"),
    path("events/", events.listed, name="events"),
    path("events/<int:position>/", event.shown, name="event"),
    path("events/<int:position>/json/", event.as_json, name="event-json"),
    path("streams/<path:stream>/", stream.shown, name="stream"),
]
