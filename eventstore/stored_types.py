"""System check eventstore.E008: this code can read what the log has.

Code that is older than the log (a deploy that was taken back), or that lost an event
type, would hold every stream with such an event; better it does not start.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from eventstore import streams

# Of each type, events at both ends of the log: what began a type and what code wrote
# last. 65 ms in a log of 300,000 events of 20 types; to see all versions would need an
# index of its own. A form that stands in between is met by whoever reads it.
ENDS = 50

# Skips from type to type in the index on (type, position).
STORED = """
WITH RECURSIVE types AS (
    (SELECT type FROM eventstore_event ORDER BY type, position LIMIT 1)
    UNION ALL
    SELECT (
        SELECT e.type
        FROM eventstore_event e
        WHERE e.type > t.type
        ORDER BY e.type, e.position
        LIMIT 1
    )
    FROM types t
    WHERE t.type IS NOT NULL
)
SELECT DISTINCT split_part(ends.stream, '-', 1), types.type, ends.schema_version
FROM types
CROSS JOIN LATERAL (
    (
        SELECT e.stream, e.schema_version
        FROM eventstore_event e
        WHERE e.type = types.type
        ORDER BY e.position
        LIMIT %(ends)s
    )
    UNION ALL
    (
        SELECT e.stream, e.schema_version
        FROM eventstore_event e
        WHERE e.type = types.type
        ORDER BY e.position DESC
        LIMIT %(ends)s
    )
) ends
ORDER BY 1, 2, 3
"""


@register(Tags.database)
def check_stored_types(
    *, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A finding for each stored type and schema version that no code here reads."""
    if "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT to_regclass('eventstore_event') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return []  # not migrated yet
        cursor.execute(STORED, {"ends": ENDS})
        return list(_findings(cursor.fetchall()))


def _findings(stored: Sequence[tuple[str, str, int]]) -> Iterator[CheckMessage]:
    known = {each.name: each for each in streams.registered()}
    for name, type, version in stored:
        if name not in known:
            yield Warning(
                f"Nobody here reads the streams {name}-…, which have events {type}.",
                id="eventstore.W001",
                hint="Register the stream type, or install the app that does.",
            )
        elif not known[name].knows(type, version):
            yield _unreadable(known[name], type, version)


def _unreadable(stream_type: streams.StreamType, type: str, version: int) -> Error:
    stored = f"{stream_type.name}: events {type} of schema version {version} are stored"
    names = {name for each in stream_type.events for name in each.names}
    if type not in names:
        return Error(
            f"{stored}, but no event type has this name or had it before.",
            id="eventstore.E008",
            hint="Declare the type; one that was renamed lists it in former_names.",
        )
    newest = stream_type.newest(type).schema_version
    return Error(
        f"{stored}, but this code knows versions 1 to {newest} only.",
        id="eventstore.E008",
        hint="Newer code wrote them: start that, or declare the version and an "
        f"upcaster from {newest} to {version}.",
    )
