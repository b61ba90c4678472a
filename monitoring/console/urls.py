"""The pages below /ops/."""

from django.urls import path, reverse_lazy
from django.views.generic import RedirectView

from monitoring.console import (
    acts,
    charting,
    event,
    events,
    held_acts,
    projection,
    projections,
    stream,
    what_if,
)

app_name = "ops"
TO_COME = RedirectView.as_view(url=reverse_lazy("ops:projections"))
COMING = (
    ("dead-letters/", "dead-letters"),
    ("dead-letters/<int:id>/", "dead-letter"),
    ("operations/", "operations"),
    ("operations/<int:id>/", "operation"),
    ("audit/", "audit"),
    ("health/", "health"),
)
urlpatterns = [
    path("projections/", projections.listed, name="projections"),
    path("projections/<str:name>/", projection.one, name="projection"),
    path(
        "projections/<str:name>/chart/",
        charting.of_projection,
        name="projection-chart",
    ),
    path("projections/<str:name>/what-if/", what_if.of_projection, name="what-if"),
    path("projections/<str:name>/<str:word>/", acts.of_projection, name="act"),
    path("reactors/<str:name>/<str:word>/", acts.of_reactor, name="act-reactor"),
    path("events/", events.listed, name="events"),
    path("events/<int:position>/", event.shown, name="event"),
    path("events/<int:position>/json/", event.as_json, name="event-json"),
    path("streams/<path:stream>/", stream.shown, name="stream"),
    path("dead-letters/retry/", held_acts.retry_many, name="retry-many"),
    path("dead-letters/<int:id>/retry/", held_acts.retry, name="retry"),
    path("dead-letters/<int:id>/skip/", held_acts.skip, name="skip"),
    path("operations/<int:id>/cancel/", held_acts.cancel, name="cancel"),
    # Pages that are to come: until then they lead to the projections.
    *[path(route, TO_COME, name=name) for route, name in COMING],
]
