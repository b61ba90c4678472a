"""Seals what is settled, range after range. No writer waits for it."""

import time

from django.db import connections, transaction
from django.utils import timezone

from eventstore import log, settled
from eventstore.models import Seal
from eventstore.seals import chain, marks, signing

# The upper 16 bits of the advisory lock's key; 7 is the log's, 8 to 10 are taken by
# projections, 11 by kept answers.
LOCK_SPACE = 13
EVENTS = 1_000  # of a seal at most: some 10 ms
TENANCY_S = 5.0  # of a worker's slot

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%s::bigint << 48)"


def seal_settled(
    *, events: int = EVENTS, seconds: float = TENANCY_S, using: str = "default"
) -> int:
    """Seals the settled events that have no seal yet, `events` at a time; how many.

    A transaction for each seal; none is begun after so many seconds. What is left is
    for the next call. Nothing while another one seals.
    Raises NoSealKey, NotSettled, RuntimeError within a transaction.
    """
    ends = time.monotonic() + seconds
    total = 0
    while sealed := _seal_next(events, using):
        total += sealed
        if time.monotonic() >= ends:
            break
    return total


def _seal_next(events: int, using: str) -> int:
    with transaction.atomic(using=using, durable=True):
        if not _locked(using):
            return 0
        # Statements of their own, in this order: the last holder's seal is seen, and
        # the events are read after the settled position is known.
        follows = _last_link(using)
        up_to = settled.position(using=using).settled
        found = marks.read(
            after=follows.last_position, up_to=up_to, limit=events, using=using
        )
        if found:
            _sealed(found, follows, using).save(using=using, force_insert=True)
        return marks.count(found)


def _locked(using: str) -> bool:
    with connections[using].cursor() as cursor:
        cursor.execute(TRY_LOCK, [LOCK_SPACE])
        return bool(cursor.fetchone()[0])


def _last_link(using: str) -> chain.Link:
    last = chain.last(using=using)
    return chain.link(last) if last else chain.Link()


def _sealed(found: bytes, follows: chain.Link, using: str) -> Seal:
    identity = log.identity(using=using)
    seal = Seal(
        number=follows.number + 1,
        log_id=identity.log_id,
        epoch=identity.epoch,
        first_position=follows.last_position + 1,
        last_position=marks.last_position(found),
        events=marks.count(found),
        marks=found,
        previous=follows.digest,
        public_key=signing.own_public_key(),
        sealed_at=timezone.now(),
        algorithm=chain.ALGORITHM,
    )
    seal.digest = chain.digest(seal)
    seal.signature = signing.sign(seal.digest)
    return seal
