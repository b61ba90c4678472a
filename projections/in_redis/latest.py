"""Reads the entries of the live generation for whoever asks."""

from typing import Any

from projections import checkpoints, errors, registry
from projections.in_redis import generation
from projections.in_redis.projection import RedisProjection
from projections.models import Checkpoint
from projections.reading import PRIMARY


def of(name: str, key: str) -> list[Any]:
    """The entries of a key as `Entry.shown`, the newest first; [] for none.

    At least up to where the projection stood when this was called. Raises RedisAway,
    RowsLost (they are about to come from the log again), BeingFilled.
    """
    projection = registry.get(name)
    if not isinstance(projection, RedisProjection):
        raise TypeError(f"{name} keeps tables")
    found = _live(name)
    try:
        stored = generation.read(projection, found, key)
    except errors.RowsLost:
        now = _live(name)
        if [each.generation for each in now] == [each.generation for each in found]:
            raise
        # A swap took its place, and it was removed since.
        stored = generation.read(projection, now, key)
    return [each.shown for each in stored]


def refuse_unavailable(name: str) -> None:
    """Raises as `of` would."""
    of(name, "")


def _live(name: str) -> list[Checkpoint]:
    # A replica may still know a generation that is gone.
    return checkpoints.live_of([name], using=PRIMARY).get(name, [])
