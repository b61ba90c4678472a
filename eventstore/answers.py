"""Answers kept under a client's key, so that a request sent again is answered again.

The answer is committed in the transaction that appends the events: after a crash both
are there, or neither is.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connections, transaction

from eventstore import errors

# The upper 16 bits of the advisory lock's key; 7 is the log's, 8 to 10 are taken by
# projections. The rest is a hash of client and key: two that share it, which run at
# the same time, are rare, and one of them is only told to come again.
LOCK_SPACE = 11
HASH_BYTES = 6
BATCH = 1_000  # expired answers deleted in a transaction: some milliseconds
TENANCY_S = 5  # of a worker's slot, for deleting them

# Does not wait for a request that runs. An INSERT alone would.
TRY_LOCK = """
SELECT pg_try_advisory_xact_lock((%s::bigint << 48) | %s),
       current_setting('transaction_isolation')
"""
# A statement of its own, after the lock: its snapshot has what the last holder of the
# lock committed.
FIND = """
SELECT request_hash, status, headers::text, body
FROM eventstore_answer
WHERE client = %s AND key = %s
  AND kept_at > clock_timestamp() - make_interval(hours => %s)
"""
# The unique key is the last line, should somebody keep an answer without the lock. An
# expired one that nobody deleted yet gives way.
KEEP = """
INSERT INTO eventstore_answer AS a
    (client, key, request_hash, status, headers, body, kept_at)
VALUES (%s, %s, %s, %s, %s::jsonb, %s, clock_timestamp())
ON CONFLICT (client, key) DO UPDATE SET
    request_hash = excluded.request_hash,
    status = excluded.status,
    headers = excluded.headers,
    body = excluded.body,
    kept_at = excluded.kept_at
WHERE a.kept_at <= clock_timestamp() - make_interval(hours => %s)
"""
DELETE_EXPIRED = """
DELETE FROM eventstore_answer
WHERE id IN (
    SELECT id
    FROM eventstore_answer
    WHERE kept_at <= clock_timestamp() - make_interval(hours => %s)
    ORDER BY kept_at
    LIMIT %s
    FOR UPDATE SKIP LOCKED
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """status: a number; headers by name; body: the bytes that were sent.

    replayed: kept by an earlier request, whose answer this is.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """key: chosen by the client, and its own; hash: of all that makes it the same."""

    client: str
    key: str
    hash: bytes


def once(
    request: Request, *, decide: Callable[[], Answer], using: str = "default"
) -> Answer:
    """The answer kept for the key, else that of `decide`, which is kept now.

    Everything that `decide` appends is committed with its answer when this returns.
    What it raises is kept for nobody, and takes back what it did. It may retry after a
    conflict: store.append rolls back to a savepoint of its own.
    Raises KeyInProgress at once while a request with the key runs, KeyReused when the
    key stands for another request, RuntimeError within a transaction.
    """
    with transaction.atomic(using=using, durable=True):
        _lock(request, using)
        if found := _find(request, using):
            return found
        answer = decide()
        _keep(request, answer, using)
        return answer


def delete_expired(
    *, batch: int = BATCH, seconds: float = TENANCY_S, using: str = "default"
) -> int:
    """Deletes the answers whose time is over, oldest first; how many.

    A transaction for each `batch`; none is begun after so many seconds. What is left
    is for the next call.
    """
    ends = time.monotonic() + seconds
    total = 0
    while True:
        with connections[using].cursor() as cursor:
            cursor.execute(DELETE_EXPIRED, [_hours(), batch])
            deleted: int = cursor.rowcount
        total += deleted
        if deleted < batch or time.monotonic() >= ends:
            return total


def _lock(request: Request, using: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(TRY_LOCK, [LOCK_SPACE, lock_number(request)])
        locked, level = cursor.fetchone()
    if level != "read committed":  # its snapshot would be older than the lock
        raise errors.WrongIsolation(
            f"keys are looked up in READ COMMITTED transactions, this one is {level}"
        )
    if not locked:
        raise errors.KeyInProgress(key=request.key)


def lock_number(request: Request) -> int:
    """The lower 48 bits of the lock's key."""
    # A client's name has no line feed: no two pairs make one text.
    text = f"{request.client}\n{request.key}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:HASH_BYTES])


def _find(request: Request, using: str) -> Answer | None:
    with connections[using].cursor() as cursor:
        cursor.execute(FIND, [request.client, request.key, _hours()])
        row = cursor.fetchone()
    if row is None:
        return None
    request_hash, status, headers, body = row
    if bytes(request_hash) != request.hash:
        raise errors.KeyReused(key=request.key)
    return Answer(
        status=status, headers=json.loads(headers), body=bytes(body), replayed=True
    )


def _keep(request: Request, answer: Answer, using: str) -> None:
    row: list[Any] = [
        request.client,
        request.key,
        request.hash,
        answer.status,
        json.dumps(dict(answer.headers)),
        answer.body,
    ]
    with connections[using].cursor() as cursor:
        cursor.execute(KEEP, [*row, _hours()])
        if not cursor.rowcount:
            raise errors.KeyInProgress(key=request.key)


def _hours() -> int:
    hours: int = settings.CQRS.command_side.idempotency.retention_hours
    return hours
