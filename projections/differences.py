"""How the rows of two generations of a projection differ."""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from projections import tables
from projections.projection import Projection, Table

# Differing rows that are shown of a table, and characters of a value.
SAMPLE = 10
MASK = "***"
LONGEST_VALUE = 200

COUNT = """
SELECT
    count(*) FILTER (WHERE {old_there}),
    count(*) FILTER (WHERE {new_there}),
    count(*) FILTER (WHERE NOT {new_there}),
    count(*) FILTER (WHERE NOT {old_there}),
    count(*) FILTER (WHERE {old_there} AND {new_there} AND {differs})
FROM {old} AS o
FULL JOIN {new} AS n ON {same_key}
"""
ROWS = """
SELECT {columns}
FROM {old} AS o
FULL JOIN {new} AS n ON {same_key}
WHERE NOT {old_there} OR NOT {new_there} OR {differs}
LIMIT {sample}
"""


def between(
    projection: Projection,
    *,
    old: str,
    new: str,
    connection: BaseDatabaseWrapper,
    seconds: int,
) -> dict[str, dict[str, Any]]:
    """By table: rows "old", "new", "only_old", "only_new", "differing", and a "sample"
    of those: [{"key", "columns": {name: [old, new]}}], values as text.

    old, new: schemas. In the connection's transaction; each statement may take so many
    seconds, then it is cancelled (SQLSTATE 57014).
    """
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{seconds}s'")
        for table in projection.tables:
            parts = _parts(table, connection, old, new)
            cursor.execute(COUNT.format(**parts))
            counts = cursor.fetchone()
            found[table.name] = dict(
                zip(
                    ("old", "new", "only_old", "only_new", "differing"),
                    counts,
                    strict=True,
                )
            )
            if any(counts[2:]):
                cursor.execute(ROWS.format(**parts, sample=SAMPLE))
                found[table.name]["sample"] = [
                    _shown(table, row) for row in cursor.fetchall()
                ]
    return found


def total(found: dict[str, dict[str, Any]]) -> int:
    """Rows that are not the same in both generations."""
    return sum(
        each[name]
        for each in found.values()
        for name in ("only_old", "only_new", "differing")
    )


def _parts(
    table: Table[Any], connection: BaseDatabaseWrapper, old: str, new: str
) -> dict[str, str]:
    quote: Callable[[Any], str] = connection.ops.quote_name
    keys = [quote(each.column) for each in table.key_fields]
    names = [quote(each.column) for each in _fields(table)]
    differs = " OR ".join(f"o.{each} IS DISTINCT FROM n.{each}" for each in names)
    return {
        "old": tables.qualified(table.name, old),
        "new": tables.qualified(table.name, new),
        "same_key": " AND ".join(f"o.{key} = n.{key}" for key in keys),
        # A key is never NULL, so this tells whether the row is there.
        "old_there": f"(o.{keys[0]} IS NOT NULL)",
        "new_there": f"(n.{keys[0]} IS NOT NULL)",
        "differs": f"({differs})",
        "columns": ", ".join(f"o.{each}::text, n.{each}::text" for each in names),
    }


def _shown(table: Table[Any], row: tuple[Any, ...]) -> dict[str, Any]:
    values = {
        field.column: row[2 * place : 2 * place + 2]
        for place, field in enumerate(_fields(table))
    }
    keys = [each.column for each in table.key_fields]
    hidden = set(table.personal)
    return {
        "key": ", ".join(
            MASK if key in hidden else str(values[key][0] or values[key][1])
            for key in keys
        ),
        "columns": {
            name: [MASK if name in hidden else _short(value) for value in pair]
            for name, pair in values.items()
            if pair[0] != pair[1] and name not in keys
        },
    }


def _short(value: str | None) -> str | None:
    if value is None or len(value) <= LONGEST_VALUE:
        return value
    return value[: LONGEST_VALUE - 1] + "…"


def _fields(table: Table[Any]) -> list["models.Field[Any, Any]"]:
    return list(table.model._meta.concrete_fields)
