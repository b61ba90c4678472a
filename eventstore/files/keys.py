"""The wrapped keys of persons' data in a file: rows as they are, whatever columns.

Events go with what is encrypted in them. Whoever is to read it there needs the keys,
and the DATA_KEY that wraps them. A person who is forgotten later is not forgotten in a
file that has the key.
"""

from collections.abc import Iterator

from django.db import connections

READ = "SELECT to_jsonb(k)::text FROM eventstore_key k ORDER BY k.key_id"
STORE = """
INSERT INTO eventstore_key
SELECT * FROM jsonb_populate_record(NULL::eventstore_key, %s::jsonb)
"""


def rows(*, using: str = "default") -> Iterator[str]:
    """As JSON objects."""
    with connections[using].cursor() as cursor:
        cursor.execute(READ)
        for (row,) in cursor:
            yield row


def store(row: str, *, using: str = "default") -> None:
    """Raises IntegrityError for one that is there already."""
    with connections[using].cursor() as cursor:
        cursor.execute(STORE, [row])
