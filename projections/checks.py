"""System checks: read tables are such that the engine can keep and swap them.

Run by `manage.py check`; those about the database with `--database` and by migrate.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections, models

from eventstore.events import RecordedEvent
from projections import registry
from projections.projection import Projection, Table

USING = "read"

# What stays on the old table when a swap puts another one in its place. Triggers of
# foreign keys are internal.
IN_THE_WAY = """
SELECT 'the foreign key ' || conname
FROM pg_constraint
WHERE contype = 'f' AND %(table)s::regclass IN (conrelid, confrelid)
UNION ALL
SELECT 'the trigger ' || tgname
FROM pg_trigger
WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal
UNION ALL
SELECT DISTINCT 'the view ' || r.ev_class::regclass
FROM pg_depend d
JOIN pg_rewrite r ON r.oid = d.objid
WHERE d.classid = 'pg_rewrite'::regclass
  AND d.refclassid = 'pg_class'::regclass
  AND d.refobjid = %(table)s::regclass
ORDER BY 1
"""
EXISTS = "SELECT to_regclass(%s) IS NOT NULL"

# Exact, so that any order of additions gives the same; and negative as well.
ADDITIVE = (
    models.SmallIntegerField,
    models.IntegerField,
    models.BigIntegerField,
    models.DecimalField,
)
NOT_ADDITIVE = (
    models.PositiveSmallIntegerField,
    models.PositiveIntegerField,
    models.PositiveBigIntegerField,
)


@register(Tags.models)
def check_declarations(**kwargs: Any) -> list[CheckMessage]:
    """The findings about what projections declare of their tables."""
    found: list[CheckMessage] = []
    owners: dict[str, str] = {}
    for projection in registry.all().values():
        for table in projection.tables:
            owner = owners.setdefault(table.name, projection.name)
            if owner != projection.name:
                found.append(_written_twice(table, owner, projection.name))
        for table in projection.shared_tables:
            found += _shared_columns(table)
        for table in projection.own_tables:
            found += _own_key(projection, table)
        found += _erasing(projection)
    return found


@register(Tags.database)
def check_tables(
    *, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The findings about the read tables as they are; none before they are made."""
    where = {USING} if settings.READ_DATABASE_IS_SEPARATE else {USING, "default"}
    if not where & set(databases or ()):
        return []
    with connections[USING].cursor() as cursor:
        return [
            Error(
                f"{obstacle} is on the read table {table.name}: a swap would leave it "
                "on the replaced one.",
                id="projections.E003",
                hint="Read tables have no foreign keys, triggers or views on them.",
            )
            for projection in registry.all().values()
            for table in projection.tables
            for obstacle in _obstacles(cursor, table)
        ]


def _written_twice(table: Table[Any], first: str, second: str) -> CheckMessage:
    return Error(
        f"{table.name} is a table of {first} and of {second}.",
        id="projections.E004",
        hint="A read table is written by one projection.",
    )


def _erasing(projection: Projection) -> Iterator[CheckMessage]:
    """Who keeps personal texts has to lose them when a person is forgotten."""
    if not projection.has_personal:
        return
    erasing = projection.stream_type.erasing
    read = {
        projection.stream_type.type_of_struct(each).name for each in projection.reads
    }
    if type(projection).erase is Projection.erase or not read.issuperset(erasing):
        yield Error(
            f"{projection.name} has tables with personal texts that it never erases.",
            id="projections.E005",
            hint=f"Let it read {', '.join(erasing)}, and give it the method erase.",
        )


def _shared_columns(table: Table[Any]) -> Iterator[CheckMessage]:
    for each in table.other_fields:
        if (
            isinstance(each, ADDITIVE)
            and not isinstance(each, NOT_ADDITIVE)
            and not (each.null or each.unique)
        ):
            continue
        yield Error(
            f"{table.name} is shared by streams, and nothing can be added to its "
            f"column {each.attname}.",
            id="projections.E001",
            hint="Beside the key: whole numbers and decimals, signed and never NULL.",
        )


def _own_key(projection: Projection, table: Table[Any]) -> Iterator[CheckMessage]:
    """Tries the key of two events that differ in nothing but the stream."""
    assert table.key_of is not None
    streams = [projection.stream_type.stream(UUID(int=number)) for number in (1, 2)]
    try:
        first, second = (table.key_of(_unreadable_event(each)) for each in streams)
        if first != second:
            return
        what = "is the same for two streams"
    except Exception as error:
        what = f"needs more than an event's envelope ({type(error).__name__}: {error})"
    yield Error(
        f"The key of a row of {table.name} {what}.",
        id="projections.E002",
        hint="Let key_of contain the stream, or declare the table shared.",
    )


def _unreadable_event(stream: str) -> RecordedEvent:
    at = datetime(2000, 1, 1, tzinfo=UTC)
    return RecordedEvent(
        position=1,
        event_id=UUID(int=0),
        stream=stream,
        version=1,
        type="",
        schema_version=1,
        recorded_at=at,
        occurred_at=at,
        data="",
        metadata="",
    )


def _obstacles(cursor: Any, table: Table[Any]) -> list[str]:
    name = connections[USING].ops.quote_name(table.name)
    cursor.execute(EXISTS, [name])
    if not cursor.fetchone()[0]:
        return []  # not migrated yet
    cursor.execute(IN_THE_WAY, {"table": name})
    return [obstacle for (obstacle,) in cursor.fetchall()]
