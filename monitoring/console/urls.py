"""The pages below /ops/."""

from django.urls import path

from monitoring.console import acts, event, events, projection, projections, stream

app_name = "ops"
urlpatterns = [
    path("projections/", projections.listed, name="projections"),
    path("projections/<str:name>/", projection.one, name="projection"),
    path("projections/<str:name>/<str:word>/", acts.of_projection, name="act"),
    path("reactors/<str:name>/<str:word>/", acts.of_reactor, name="act-reactor"),
    path("events/", events.listed, name="events"),
    path("events/<int:position>/", event.shown, name="event"),
    path("events/<int:position>/json/", event.as_json, name="event-json"),
    path("streams/<path:stream>/", stream.shown, name="stream"),
    # STUBS
    *[
        path(f"{each}/", projections.listed, name=each)
        for each in ("dead-letters", "operations", "audit", "health")
    ],
    path("dead-letters/<int:id>/", projections.listed, name="dead-letter"),
    path("operations/<int:id>/", projections.listed, name="operation"),
]
