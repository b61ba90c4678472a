"""Which replica may answer a query: one that is there, and has what has to be seen.

A replica has to have the write that the request demands, and what the primary had some
seconds ago. What that was, each process knows by itself: it looks at the primary's
checkpoints about once a second while it is asked.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections

from projections import checkpoints, reading, waiting
from projections.models import Checkpoint

logger = logging.getLogger(__name__)

PREFIX = "replica_"
# Between two looks at the primary, and until a replica that failed is tried again; s.
LOOK_S = 1.0
LEFT_OUT_S = 2.0
# Projection -> its partitions.
Stands = dict[str, list[Checkpoint]]


@dataclass
class _Known:
    """What this process knows; of several threads."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    looks: dict[tuple[str, ...], list[tuple[float, Stands]]] = field(
        default_factory=dict
    )
    left_out: dict[str, float] = field(default_factory=dict)
    turn: int = 0


_known = _Known()


def aliases() -> list[str]:
    """Of the replicas of the database of the read tables."""
    return [each for each in connections.settings if each.startswith(PREFIX)]


def fresh(names: Sequence[str], *, stream: str | None, position: int) -> str:
    """The alias to read these projections from: a replica's, or the primary's.

    position: what the answer has to include; stream: of what is asked for, or None for
    all. Raises what the primary does; replicas that fail are left out for a while.
    """
    candidates = list(_candidates())
    if not candidates:
        return reading.PRIMARY
    wanted = {
        name: max(position, waiting.standing(found, stream))
        for name, found in _earlier(tuple(names)).items()
    }
    for alias in candidates:
        if _has(alias, names, stream=stream, wanted=wanted):
            return alias
    return reading.PRIMARY


def leave_out(alias: str, error: Exception | None = None) -> None:
    """It failed: nobody asks it for LEFT_OUT_S, then one does."""
    if error is not None:
        logger.warning("%s is left out: %s", alias, " ".join(str(error).split()))
    with _known.lock:
        _known.left_out[alias] = time.monotonic() + LEFT_OUT_S


def _candidates() -> Iterator[str]:
    """Those that are not left out, each of them the first one in turn."""
    every = aliases()
    if every:
        _known.turn += 1
    for number in range(len(every)):
        alias = every[(_known.turn + number) % len(every)]
        if time.monotonic() >= _known.left_out.get(alias, 0):
            yield alias


def _earlier(names: tuple[str, ...]) -> Stands:
    """Where the primary stood as long ago as a replica may lag, at most.

    A process that was not asked for a while knows of nothing but now.
    """
    now = time.monotonic()
    oldest = now - settings.CQRS.query_side.replica_max_lag_s
    with _known.lock:
        looks = _known.looks.setdefault(names, [])
        while looks and looks[0][0] < oldest:
            looks.pop(0)
        if looks and now - looks[-1][0] < LOOK_S:
            return looks[0][1]
    found = checkpoints.live_of(names, using=reading.PRIMARY)
    # A projection without checkpoints has nothing that a replica could lack.
    look: Stands = {name: found.get(name, []) for name in names}
    with _known.lock:
        looks.append((now, look))
        return looks[0][1]


def _has(
    alias: str, names: Sequence[str], *, stream: str | None, wanted: dict[str, int]
) -> bool:
    if connections[alias].connection is None:
        # Nobody else waits for a server that may not answer, until this one has.
        leave_out(alias)
    try:
        found = checkpoints.live_of(names, using=alias)
    except (DatabaseError, InterfaceError) as error:
        connections[alias].close()
        leave_out(alias, error)
        return False
    with _known.lock:
        _known.left_out.pop(alias, None)
    return all(
        waiting.standing(found.get(name, []), stream) >= wanted[name] for name in names
    )
