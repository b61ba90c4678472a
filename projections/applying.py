"""Applies events to where a projection keeps its rows: tables, or Redis."""

from collections.abc import Sequence

from eventstore.events import RecordedEvent
from projections import folding, tables
from projections.folding import Failed
from projections.in_redis import folding as redis_folding
from projections.in_redis.projection import RedisProjection
from projections.models import Checkpoint
from projections.projection import Projection


def together(
    projection: Projection,
    checkpoint: Checkpoint,
    events: Sequence[RecordedEvent],
    *,
    position: int | None,
) -> list[Failed]:
    """Applies them to the checkpoint's generation, with its lease in hand.

    position: where it stands with them; None leaves it. Returns and raises as
    folding.together, and as in_redis.folding.apply.
    """
    if isinstance(projection, RedisProjection):
        return redis_folding.apply(projection, checkpoint, events, position=position)
    schema = tables.schema_of(checkpoint.role)
    return folding.together(projection, events, schema=schema)


def bisected(
    projection: Projection,
    checkpoint: Checkpoint,
    events: Sequence[RecordedEvent],
    *,
    position: int | None,
) -> list[Failed]:
    """As `together`, for events of which some cannot be stored: finds which."""
    if isinstance(projection, RedisProjection):
        return redis_folding.apply(projection, checkpoint, events, position=position)
    schema = tables.schema_of(checkpoint.role)
    return folding.bisected(projection, events, schema=schema)
