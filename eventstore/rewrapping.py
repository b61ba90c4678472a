"""Wraps the keys of persons anew, after DATA_KEY was exchanged.

The keys themselves stay, and so does all that they encrypted: nothing of the log or of
snapshots is rewritten, and appends go on meanwhile.
"""

from collections.abc import Callable

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections, transaction

from eventstore import errors, master_keys

BATCH = 1_000  # keys of a transaction: some 20 ms

# Other keys of their persons are not waited for, nor are appends, which lock the row
# against its end alone. SKIP LOCKED: another who wraps, or somebody being forgotten.
FIND = """
SELECT key_id, wrapped
FROM eventstore_key
WHERE master <> %s
ORDER BY key_id
LIMIT %s
FOR NO KEY UPDATE SKIP LOCKED
"""
WRAP = """
UPDATE eventstore_key k
SET wrapped = x.wrapped, master = %s
FROM unnest(%s::text[], %s::bytea[]) AS x (key_id, wrapped)
WHERE k.key_id = x.key_id
"""
COUNT = "SELECT count(*) FROM eventstore_key WHERE master <> %s"
# Skips from one master to the next in their index.
MASTERS = """
WITH RECURSIVE masters AS (
    SELECT min(master) AS master FROM eventstore_key
    UNION ALL
    SELECT (SELECT min(k.master) FROM eventstore_key k WHERE k.master > m.master)
    FROM masters m
    WHERE m.master IS NOT NULL
)
SELECT master FROM masters WHERE master IS NOT NULL
"""


def left(*, using: str = "default") -> int:
    """How many keys are wrapped by a former DATA_KEY."""
    with connections[using].cursor() as cursor:
        cursor.execute(COUNT, [master_keys.known()[0].fingerprint])
        return int(cursor.fetchone()[0])


def run(
    *, tell: Callable[[int], object], batch: int = BATCH, using: str = "default"
) -> int:
    """Wraps all keys by DATA_KEY; how many. tell: how many are done, after each batch.

    Broken off, it goes on where it was the next time. Raises WrongDataKey for a key
    that no DATA_KEY here has wrapped; the batches before it are done.
    """
    done = 0
    while wrapped := _wrap_some(batch, using):
        done += wrapped
        tell(done)
    return done


def _wrap_some(batch: int, using: str) -> int:
    current = master_keys.known()[0].fingerprint
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(FIND, [current, batch])
        found = cursor.fetchall()
        if found:
            ids = [key_id for key_id, _ in found]
            wrapped = [
                master_keys.rewrap(bytes(wrapped), key_id=key_id)
                for key_id, wrapped in found
            ]
            cursor.execute(WRAP, [current, ids, wrapped])
        return len(found)


@register(Tags.database)
def check_masters(
    *, databases: object = None, using: str = "default", **kwargs: object
) -> list[CheckMessage]:
    """A finding for each DATA_KEY that wrapped keys and is not here."""
    if using not in (databases or ()):  # type: ignore[operator]
        return []
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regclass('eventstore_key') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return []  # not migrated yet
        cursor.execute(MASTERS)
        stored = {master for (master,) in cursor.fetchall()}
    if not stored:
        return []
    return [_unknown(each) for each in sorted(stored - _known())]


def _known() -> set[str]:
    try:
        return {each.fingerprint for each in master_keys.known()}
    except errors.WrongDataKey:
        return set()


def _unknown(master: str) -> CheckMessage:
    return Error(
        f"Personal data is encrypted under a DATA_KEY ({master}) that is not here.",
        id="eventstore.E010",
        hint="Set the DATA_KEY of this log; a former one goes into DATA_KEY_PREVIOUS "
        "until `event_store rewrap` has ended.",
    )
