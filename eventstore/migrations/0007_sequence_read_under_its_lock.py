"""The sequence is read as nextval() left it, never as it is in the middle of it.

nextval() logs 32 values ahead: for a moment, under the lock of the buffer, the row says
a last_value that is up to 32 too far. A plain SELECT reads the row after that lock is
given up. A floor that is too far lets readers pass an append, a settled position that
is too far lets them pass appends that are yet to come. pg_sequence_last_value() takes
the lock. It is NULL before the first value, and for who may not read the sequence.
"""

from importlib import import_module
from typing import Any

from django.db import migrations

first: Any = import_module("eventstore.migrations.0001_event_log")

READ = """SELECT CASE WHEN is_called THEN last_value ELSE 0 END
{indent}INTO STRICT {into}
{indent}FROM public.eventstore_event_position_seq;"""
# Where there is no value it is read again: the first one may be drawn just now.
READ_UNDER_LOCK = """{into} := pg_sequence_last_value(
{indent}    'public.eventstore_event_position_seq'
{indent});
{indent}IF {into} IS NULL THEN
{indent}    SELECT 0 INTO {into}
{indent}    FROM public.eventstore_event_position_seq
{indent}    WHERE NOT is_called;
{indent}    IF NOT FOUND THEN
{indent}        {into} := pg_sequence_last_value(
{indent}            'public.eventstore_event_position_seq'
{indent}        );
{indent}    END IF;
{indent}END IF;
{indent}IF {into} IS NULL THEN
{indent}    RAISE EXCEPTION 'the sequence of positions cannot be read'
{indent}        USING ERRCODE = 'insufficient_privilege';
{indent}END IF;"""


def _create(sql: str, *, into: str, indent: str) -> str:
    """The function of the first migration, replaced, with the other way to read."""
    function, *_ = sql.partition("CREATE TRIGGER")
    before = READ.format(into=into, indent=indent)
    if before not in function:
        raise ValueError("the first migration reads the sequence in another way")
    after = READ_UNDER_LOCK.format(into=into, indent=indent)
    return function.replace(before, after).replace(
        "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
    )


def _recreate(sql: str) -> str:
    function, *_ = sql.partition("CREATE TRIGGER")
    return function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0006_compression")]
    operations = [
        migrations.RunSQL(
            _create(first.FLOOR_TRIGGER, into="floor", indent=" " * 8),
            _recreate(first.FLOOR_TRIGGER),
        ),
        migrations.RunSQL(
            _create(first.SETTLED_FUNCTION, into="last", indent=" " * 4),
            _recreate(first.SETTLED_FUNCTION),
        ),
    ]
