"""A batch that looks right and is not: rows first, then the checkpoint, no lease."""

from collections.abc import Callable

from django.db.models import F

from projections import row_sql
from projections.batch import Outcome, Result
from projections.models import Checkpoint
from projections.projection import Rows, keys_of


def advance(
    projection,
    checkpoint,
    window,
    *,
    epoch,
    worker,
    before_checkpoint: Callable[[], None] = lambda: None,
) -> Result:
    events = [each for each in window if each.position > checkpoint.position]
    taken = [each for each in events if projection.takes(each)]
    rows = Rows()
    for table in projection.tables:
        rows.load(table, row_sql.load(table, keys_of(table, taken), using="read"))
    for event in taken:
        projection.fold(rows, event)
    for table in projection.tables:
        row_sql.write(table, rows.changed(table), using="read")
    before_checkpoint()
    Checkpoint.objects.filter(pk=checkpoint.pk).update(
        position=events[-1].position,
        event_id=events[-1].event_id,
        events_folded=F("events_folded") + len(taken),
    )
    return Result(outcome=Outcome.ADVANCED, events=len(events))
