"""The pages below /ops/."""

from django.urls import path

from monitoring.console import (
    acts,
    audit,
    charting,
    commands,
    dead_letter,
    dead_letters,
    event,
    events,
    health,
    held_acts,
    operation,
    operations,
    overview,
    projection,
    projections,
    stream,
    what_if,
)

app_name = "ops"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("health/", health.health, name="health"),
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
    path("dead-letters/", dead_letters.listed, name="dead-letters"),
    path("dead-letters/export/", dead_letters.exported, name="export-dead-letters"),
    path("dead-letters/<int:id>/", dead_letter.shown, name="dead-letter"),
    path("commands/", commands.listed, name="commands"),
    path("operations/", operations.listed, name="operations"),
    path("operations/<int:id>/", operation.shown, name="operation"),
    path("audit/", audit.listed, name="audit"),
    path("audit/csv/", audit.as_csv, name="audit-csv"),
]
