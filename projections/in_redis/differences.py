"""How the entries of two generations differ, while followers go on adding to them."""

import time
from collections.abc import Iterator
from typing import Any

from projections import errors
from projections.in_redis import generation
from projections.in_redis.generation import Stored
from projections.in_redis.projection import RedisProjection
from projections.models import Checkpoint

SAMPLE = 10  # keys that differ, of which the lists are shown


def between(
    projection: RedisProjection,
    *,
    old: Checkpoint,
    new: Checkpoint,
    position: int,
    seconds: float,
) -> dict[str, dict[str, Any]]:
    """As projections.differences: "old", "new" and the rest count keys.

    position: where both stood; what came later is left out. Raises RedisAway, and
    TookTooLong after so many seconds.
    """
    counts = dict.fromkeys(("old", "new", "only_old", "only_new", "differing"), 0)
    sample: list[dict[str, Any]] = []
    ends = time.monotonic() + seconds
    for key, before, after in _pairs(projection, old, new, position):
        if time.monotonic() > ends:
            raise errors.TookTooLong(f"the comparison took more than {seconds} s")
        counts["old"] += bool(before)
        counts["new"] += bool(after)
        if before == after:
            continue
        kind = "differing" if before and after else "only_old" if before else "only_new"
        counts[kind] += 1
        if len(sample) < SAMPLE:
            places = [str([each.position for each in one]) for one in (before, after)]
            sample.append({"key": key, "columns": {"positions": places}})
    return {projection.name: {**counts, **({"sample": sample} if sample else {})}}


def _pairs(
    projection: RedisProjection, old: Checkpoint, new: Checkpoint, position: int
) -> Iterator[tuple[str, list[Stored], list[Stored]]]:
    """By key its entries in both generations, as far as both can have them."""
    seen: set[str] = set()
    for checkpoint in (old, new):
        for found in generation.keys(projection, checkpoint):
            keys = [each for each in dict.fromkeys(found) if each not in seen]
            seen.update(keys)
            lists = [generation.lists(projection, each, keys) for each in (old, new)]
            for key, before, after in zip(keys, *lists, strict=True):
                yield key, *_comparable(before, after, projection.longest, position)


def _comparable(
    before: list[Stored], after: list[Stored], longest: int, position: int
) -> tuple[list[Stored], list[Stored]]:
    """A full list may have lost an entry to one that came after `position`: then the
    other one is as short.
    """
    both = [
        [each for each in found if each.position <= position]
        for found in (before, after)
    ]
    if any(len(found) >= longest for found in (before, after)):
        least = min(map(len, both))
        both = [found[:least] for found in both]
    return both[0], both[1]
