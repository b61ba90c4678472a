"""Loads and writes the rows of a batch: one statement a table, whatever the batch.

schema: that of the generation's tables, "" for the live ones; see tables.py.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import msgspec
from django.db import connections, models

from projections import tables
from projections.projection import Table

_encoder = msgspec.json.Encoder(decimal_format="string")


def load(
    table: Table[Any], keys: Sequence[Hashable], *, using: str, schema: str = ""
) -> Mapping[Hashable, Any]:
    """The table's rows with these keys, by key."""
    if not keys:
        return {}
    with connections[using].cursor() as cursor:
        cursor.execute(_select(table, using, schema), [list(keys)])
        found = cursor.fetchall()
    names = [each.attname for each in _fields(table)]
    decoders = _decoders(table)
    rows = {}
    for values in found:
        decoded = list(values)
        for place, decoder in decoders:
            if decoded[place] is not None:
                decoded[place] = decoder.decode(decoded[place])
        row = table.model.from_db(using, names, decoded)
        rows[row.pk] = row
    return rows


def write(
    table: Table[Any], rows: Sequence[models.Model], *, using: str, schema: str = ""
) -> None:
    """Inserts rows, or replaces those whose key exists."""
    if not rows:
        return
    names = [(each.column, each.attname) for each in _fields(table)]
    # One JSON parameter carries rows of any shape; unnest() cannot carry array columns.
    payload = _encoder.encode(
        [
            {column: getattr(row, attribute) for column, attribute in names}
            for row in rows
        ]
    )
    with connections[using].cursor() as cursor:
        cursor.execute(_upsert(table, using, schema), [payload.decode()])


def delete(
    table: Table[Any], keys: Sequence[Hashable], *, using: str, schema: str = ""
) -> None:
    if not keys:
        return
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {tables.qualified(table.name, schema)} "
            f"WHERE {_key_is_any(table, using)}",
            [list(keys)],
        )


def _select(table: Table[Any], using: str, schema: str) -> str:
    quote = connections[using].ops.quote_name
    columns = ", ".join(quote(each.column) for each in _fields(table))
    return (
        f"SELECT {columns} FROM {tables.qualified(table.name, schema)} "
        f"WHERE {_key_is_any(table, using)}"
    )


def _upsert(table: Table[Any], using: str, schema: str) -> str:
    quote = connections[using].ops.quote_name
    columns = [quote(each.column) for each in _fields(table)]
    key = quote(table.model._meta.pk.column)
    changes = ", ".join(f"{each} = excluded.{each}" for each in columns if each != key)
    name = tables.qualified(table.name, schema)
    return (
        f"INSERT INTO {name} ({', '.join(columns)}) "
        f"SELECT {', '.join(columns)} "
        f"FROM json_populate_recordset(NULL::{name}, %s::json) "
        f"ON CONFLICT ({key}) DO UPDATE SET {changes}"
    )


def _key_is_any(table: Table[Any], using: str) -> str:
    key = table.model._meta.pk
    column = connections[using].ops.quote_name(key.column)
    return f"{column} = ANY(%s::{key.db_type(connections[using])}[])"


def _fields(table: Table[Any]) -> Sequence[Any]:
    fields: Sequence[Any] = table.model._meta.concrete_fields
    return fields


def _decoders(table: Table[Any]) -> list[tuple[int, msgspec.json.Decoder[Any]]]:
    # Django's connections hand jsonb out as text, which is what msgspec reads fastest.
    return [
        (place, msgspec.json.Decoder(table.structs.get(each.attname, Any)))
        for place, each in enumerate(_fields(table))
        if isinstance(each, models.JSONField)
    ]
