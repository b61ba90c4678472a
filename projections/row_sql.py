"""Loads and writes the rows of a batch: one statement a table, whatever the batch.

A row of one stream is written as it is to be; to a shared row differences are added.

schema: that of the generation's tables, "" for the live ones; see tables.py.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import msgspec
from django.db import connections, models

from projections import tables
from projections.projection import Amount, Table

_encoder = msgspec.json.Encoder(decimal_format="string")


def load(
    table: Table[Any], keys: Sequence[Hashable], *, using: str, schema: str = ""
) -> Mapping[Hashable, Any]:
    """The table's rows with these keys, by key."""
    if not keys:
        return {}
    with connections[using].cursor() as cursor:
        cursor.execute(_select(table, using, schema), _key_columns(table, keys))
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
    sql = _insert(table, using, schema, on_conflict="{0} = excluded.{0}")
    _send(sql, _payload(table, rows), using=using)


def add(
    table: Table[Any],
    added: Mapping[Hashable, Mapping[str, Amount]],
    *,
    using: str,
    schema: str = "",
) -> None:
    """Adds to shared rows, by key; whoever adds to one meanwhile is waited for."""
    if not added:
        return
    keys = [each.column for each in table.key_fields]
    names = [(each.column, each.attname) for each in table.other_fields]
    payload = [
        dict(zip(keys, _parts(key), strict=True))
        | {column: amounts.get(attribute, 0) for column, attribute in names}
        for key, amounts in added.items()
    ]
    # In order of the key: who writes the same rows meanwhile waits, never in a ring.
    sql = _insert(
        table, using, schema, on_conflict="{0} = t.{0} + excluded.{0}", in_order=True
    )
    _send(sql, _encoder.encode(payload).decode(), using=using)
    if table.drops_zeros:
        # Also what was added and taken away in one batch.
        gone = [key for key, by in added.items() if all(n <= 0 for n in by.values())]
        _delete_zeros(table, gone, using=using, schema=schema)


def _delete_zeros(
    table: Table[Any], keys: Sequence[Hashable], *, using: str, schema: str
) -> None:
    """Of rows just added to, and so locked; who adds to one then makes it anew."""
    if not keys:
        return
    quote = connections[using].ops.quote_name
    zeros = " AND ".join(f"{quote(each.column)} = 0" for each in table.other_fields)
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {tables.qualified(table.name, schema)} "
            f"WHERE {_key_is_any(table, using)} AND {zeros}",
            _key_columns(table, keys),
        )


def lock_shared(shared: Sequence[Table[Any]], *, using: str, schema: str = "") -> None:
    """Lets nobody else write these tables until the caller's transaction ends.

    For who adds in several statements: their keys are not in order as a whole, and two
    of them could each wait for the other's rows.
    """
    if not shared:
        return
    names = ", ".join(tables.qualified(each.name, schema) for each in shared)
    with connections[using].cursor() as cursor:
        cursor.execute(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")


def delete(
    table: Table[Any], keys: Sequence[Hashable], *, using: str, schema: str = ""
) -> None:
    if not keys:
        return
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {tables.qualified(table.name, schema)} "
            f"WHERE {_key_is_any(table, using)}",
            _key_columns(table, keys),
        )


# Key columns of a row -> column -> value; all as texts, as PostgreSQL writes them.
Texts = dict[tuple[str, ...], dict[str, str | None]]


def stored_texts(table: Table[Any], keys: Sequence[Hashable], *, using: str) -> Texts:
    """The live rows with these keys."""
    sql = (
        f"SELECT {_columns(table, using, '::text')} "
        f"FROM {tables.qualified(table.name)} WHERE {_key_is_any(table, using)}"
    )
    return _texts(table, sql, _key_columns(table, keys), using) if keys else {}


def texts_if_stored(
    table: Table[Any], rows: Sequence[models.Model], *, using: str
) -> Texts:
    """The rows as `stored_texts` would find them after `write`; nothing is written."""
    sql = (
        f"SELECT {_columns(table, using, '::text')} "
        f"FROM json_populate_recordset(NULL::{tables.qualified(table.name)}, %s::json)"
    )
    return _texts(table, sql, [_payload(table, rows)], using) if rows else {}


def _texts(table: Table[Any], sql: str, parameters: list[Any], using: str) -> Texts:
    names = [each.column for each in _fields(table)]
    keys = [each.column for each in table.key_fields]
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {tuple(row[key] for key in keys): row for row in found}


def _select(table: Table[Any], using: str, schema: str) -> str:
    columns = _columns(table, using)
    return (
        f"SELECT {columns} FROM {tables.qualified(table.name, schema)} "
        f"WHERE {_key_is_any(table, using)}"
    )


def _insert(
    table: Table[Any],
    using: str,
    schema: str,
    *,
    on_conflict: str,
    in_order: bool = False,
) -> str:
    """on_conflict: what becomes of a column {0} of a row that is there."""
    quote = connections[using].ops.quote_name
    columns = _columns(table, using)
    key = ", ".join(quote(each.column) for each in table.key_fields)
    changes = [on_conflict.format(quote(each.column)) for each in table.other_fields]
    name = tables.qualified(table.name, schema)
    return (
        f"INSERT INTO {name} AS t ({columns}) "
        f"SELECT {columns} "
        f"FROM json_populate_recordset(NULL::{name}, %s::json) "
        f"{f'ORDER BY {key} ' if in_order else ''}"
        f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(changes)}"
    )


def _columns(table: Table[Any], using: str, cast: str = "") -> str:
    quote = connections[using].ops.quote_name
    return ", ".join(f"{quote(each.column)}{cast}" for each in _fields(table))


def _payload(table: Table[Any], rows: Sequence[models.Model]) -> str:
    """The rows as JSON: one parameter, while unnest() cannot carry array columns."""
    names = [(each.column, each.attname) for each in _fields(table)]
    found = [
        {column: getattr(row, attribute) for column, attribute in names} for row in rows
    ]
    return _encoder.encode(found).decode()


def _send(sql: str, payload: str, *, using: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, [payload])


def _key_is_any(table: Table[Any], using: str) -> str:
    """Takes the parameters that `_key_columns` gives: an array for each column."""
    connection = connections[using]
    names = [connection.ops.quote_name(each.column) for each in table.key_fields]
    arrays = [f"%s::{each.db_type(connection)}[]" for each in table.key_fields]
    if len(names) == 1:
        return f"{names[0]} = ANY({arrays[0]})"
    return f"({', '.join(names)}) IN (SELECT * FROM unnest({', '.join(arrays)}))"


def _key_columns(table: Table[Any], keys: Sequence[Hashable]) -> list[list[Any]]:
    if len(table.key_fields) == 1:
        return [list(keys)]
    return [list(column) for column in zip(*map(_parts, keys), strict=True)]


def _parts(key: Hashable) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


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
