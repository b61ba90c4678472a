"""The entries of one generation in Redis, and the position they stand at.

All of a generation has names that begin alike. A hash has the position of each
partition and how many entries each key has; beside it stands a sorted set for each key.
One script adds entries and moves the position, so that whoever sees the position sees
what it stands for. That the numbers agree tells that Redis has lost nothing: a flush
takes the hash, an eviction a set, an old dump brings back a lower position. Whoever
finds that a set is not what it should be removes the hash, by which all know.

The checkpoint in the database moves after Redis. When its transaction fails in
between, the same entries are added again, which changes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from eventstore import log, store
from projections import errors
from projections.in_redis import server
from projections.in_redis.projection import Entry, RedisProjection
from projections.models import Checkpoint

# Keys that are looked at in one call.
AT_ONCE = 500

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# KEYS: the hash, the set of generations, then a sorted set for each key.
# ARGV: the partition, its position before and after ("" where it does not move), the
# head of the log, the generation, the longest list, and for each sorted set its key,
# the number of its new entries, and these: score, member.
ADD = """
local stands = redis.call('HGET', KEYS[1], 'position ' .. ARGV[1])
if tonumber(stands or 0) < tonumber(ARGV[2]) then
    return 0
end
local at = 7
for i = 3, #KEYS do
    local size = redis.call('HGET', KEYS[1], 'size ' .. ARGV[at])
    if redis.call('ZCARD', KEYS[i]) ~= tonumber(size or 0) then
        redis.call('DEL', KEYS[1])
        return 0
    end
    at = at + 2 + 2 * tonumber(ARGV[at + 1])
end
redis.call('HSETNX', KEYS[1], 'complete', ARGV[4])
redis.call('SADD', KEYS[2], ARGV[5])
at = 7
for i = 3, #KEYS do
    local last = at + 1 + 2 * tonumber(ARGV[at + 1])
    redis.call('ZADD', KEYS[i], unpack(ARGV, at + 2, last))
    redis.call('ZREMRANGEBYRANK', KEYS[i], 0, -tonumber(ARGV[6]) - 1)
    redis.call('HSET', KEYS[1], 'size ' .. ARGV[at], redis.call('ZCARD', KEYS[i]))
    at = last + 1
end
if ARGV[3] ~= '' and tonumber(stands or 0) < tonumber(ARGV[3]) then
    redis.call('HSET', KEYS[1], 'position ' .. ARGV[1], ARGV[3])
end
return 1
"""
# KEYS: the hash, the sorted set. ARGV: the field of its size, those of the positions.
READ = """
local size = redis.call('HGET', KEYS[1], ARGV[1])
if redis.call('ZCARD', KEYS[2]) ~= tonumber(size or 0) then
    redis.call('DEL', KEYS[1])
    return 0
end
return {redis.call('HMGET', KEYS[1], 'complete', unpack(ARGV, 2)),
        redis.call('ZREVRANGE', KEYS[2], 0, -1)}
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as Redis has it. position: of its event; shown: as Entry has it."""

    position: int
    shown: Any


def add(
    projection: RedisProjection,
    checkpoint: Checkpoint,
    entries: Iterable[tuple[int, Entry]],
    *,
    position: int | None,
) -> None:
    """Adds entries, each with its event's position, and moves the position at which
    the checkpoint's partition stands; None leaves it.

    Raises RedisAway, and RowsLost, with nothing changed.
    """
    lists = _lists(entries, projection.longest)
    prefix = _prefix(projection, checkpoint)
    arguments: list[Any] = [
        _partition(checkpoint),
        checkpoint.position,
        "" if position is None else position,
        # From there on a generation that begins now is complete.
        0 if checkpoint.position else store.head(),
        name_of(checkpoint),
        projection.longest,
    ]
    for key, members in lists.items():
        arguments += [key, len(members)]
        for score, member in members:
            arguments += [score, member]
    keys = [prefix, _generations(projection), *(f"{prefix}:{key}" for key in lists)]
    if not server.run(ADD, keys, arguments):
        raise errors.RowsLost(projection=projection.name)


def read(
    projection: RedisProjection, found: Sequence[Checkpoint], key: str
) -> list[Stored]:
    """The entries of a key, the newest first; at least up to where `found` stands.

    found: the checkpoints of the generation's partitions.
    Raises RedisAway, RowsLost, and BeingFilled until all is there that the log had
    when the generation began.
    """
    if not found and store.head():
        raise errors.BeingFilled(projection=projection.name)
    if not found:
        return []
    prefix = _prefix(projection, found[0])
    positions = [_position(each) for each in found]
    answer = server.run(READ, [prefix, f"{prefix}:{key}"], [f"size {key}", *positions])
    if not answer:
        raise errors.RowsLost(projection=projection.name)
    (complete, *stand), members = answer
    for each, stands in zip(found, stand, strict=True):
        if int(stands or 0) < each.position:
            raise errors.RowsLost(projection=projection.name)
    goal = store.head() if complete is None else int(complete)
    if min(each.position for each in found) < goal:
        raise errors.BeingFilled(projection=projection.name)
    return [_stored(each) for each in members]


def is_lost(projection: RedisProjection, found: Sequence[Checkpoint]) -> bool:
    """Whether Redis lacks what the checkpoints say. Raises RedisAway."""
    try:
        read(projection, found, "")
    except errors.RowsLost:
        return True
    except errors.BeingFilled:
        pass
    return False


def stand(projection: RedisProjection, found: Sequence[Checkpoint]) -> None:
    """Writes down where partitions stand that are to take the place of others.

    Raises RedisAway.
    """
    with server.client() as client:
        client.hset(
            _prefix(projection, found[0]),
            mapping={_position(each): each.position for each in found},
        )


def keys(projection: RedisProjection, checkpoint: Checkpoint) -> Iterator[list[str]]:
    """All keys of a checkpoint's generation that have entries, some at a time; one may
    come twice.
    """
    yield from _keys(_prefix(projection, checkpoint))


def lists(
    projection: RedisProjection, checkpoint: Checkpoint, keys: Sequence[str]
) -> list[list[Stored]]:
    """The entries of some keys, each list the newest first; [] where there is none."""
    prefix = _prefix(projection, checkpoint)
    with server.client() as client, client.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.zrevrange(f"{prefix}:{key}", 0, -1)
        return [[_stored(each) for each in found] for found in pipeline.execute()]


def names(projection: RedisProjection) -> set[str]:
    """The generations that Redis has something of."""
    with server.client() as client:
        found: Any = client.smembers(_generations(projection))
        return {each.decode() for each in found}


def name_of(checkpoint: Checkpoint) -> str:
    """What `names` calls the generation of a checkpoint."""
    # The epoch too: after a restore the same numbers come again.
    return f"{checkpoint.epoch}.{checkpoint.generation}"


def remove(projection: RedisProjection, name: str) -> None:
    """Removes a generation, to its name last. Raises RedisAway."""
    prefix = f"{_root(projection)}:{name}"
    for some in _keys(prefix):
        with server.client() as client:
            client.unlink(*(f"{prefix}:{key}" for key in some))
    with server.client() as client:
        client.unlink(prefix)
        client.srem(_generations(projection), name)


def _keys(prefix: str) -> Iterator[list[str]]:
    cursor = 0
    while True:
        with server.client() as client:
            found: Any = client.hscan(prefix, cursor, match="size *", count=AT_ONCE)
        cursor, fields = found
        if some := [each.decode().removeprefix("size ") for each in fields]:
            yield some
        if not cursor:
            return


def _lists(
    entries: Iterable[tuple[int, Entry]], longest: int
) -> dict[str, list[tuple[int, bytes]]]:
    """By key what is to be added: scores and members, no more than are kept."""
    found: dict[str, list[tuple[int, bytes]]] = {}
    for position, entry in entries:
        member = b"%015d " % position + msgspec.json.encode(entry.shown)
        score = (entry.at - _EPOCH) // _MICROSECOND
        found.setdefault(entry.key, []).append((score, member))
    return {key: sorted(members)[-longest:] for key, members in found.items()}


def _stored(member: bytes) -> Stored:
    position, _, shown = member.partition(b" ")
    return Stored(int(position), msgspec.json.decode(shown))


def _root(projection: RedisProjection) -> str:
    # In braces what a cluster keeps in one place.
    return f"{{cqrs:{log.identity().log_id}}}:{projection.name}"


def _generations(projection: RedisProjection) -> str:
    return f"{_root(projection)}:generations"


def _prefix(projection: RedisProjection, checkpoint: Checkpoint) -> str:
    return f"{_root(projection)}:{name_of(checkpoint)}"


def _position(checkpoint: Checkpoint) -> str:
    return f"position {_partition(checkpoint)}"


def _partition(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.partition}/{checkpoint.partitions}"
