"""Kept tables that an erasing event will never reach: nobody feeds them, so they go."""

from django.db import transaction

from eventstore import settled, store
from projections import actors, audit, errors, registry
from projections.audit import Entry
from projections.models import Checkpoint
from projections.projection import Projection
from projections.rebuilding import ending

USING = "read"


def discard() -> list[str]:
    """Drops kept tables with personal texts behind which somebody was forgotten; the
    names of their projections.

    Those that are being rolled back to catch up, and those that somebody holds, a dump
    perhaps, have their turn later.
    """
    found = []
    for name, projection in registry.all().items():
        if not projection.has_personal or not _is_overtaken(projection):
            continue
        try:
            _discard(name)
        except errors.NotAllowedInState:
            continue
        found.append(name)
    return found


def _is_overtaken(projection: Projection) -> bool:
    kept = Checkpoint.objects.filter(
        projection=projection.name, role=Checkpoint.Role.KEPT
    )
    stands = min(kept.values_list("position", flat=True), default=None)
    names = projection.stream_type.erasing
    if stands is None or not names:
        return False
    up_to = settled.position().settled
    return bool(store.read_settled(after=stands, limit=1, types=names, up_to=up_to))


def _discard(name: str) -> None:
    with transaction.atomic(using=USING):
        ending.discard(name)
        entry = Entry(
            action="discard",
            projection=name,
            actor=actors.program("forgetting"),
            reason="somebody was forgotten whose data the kept tables have",
            parameters={},
        )
        audit.write(entry, outcome="done")
