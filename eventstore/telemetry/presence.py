"""Which processes there are: each says so every second, by the clock of Redis."""

import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from uuid import uuid4

import msgspec
from django.conf import settings

from eventstore.telemetry import reading

SEEN = "telemetry:seen"
PROCESSES = "telemetry:processes"
# Seconds: who was not seen for so long is gone, and then forgotten.
GONE_AFTER_S = 10
KEEP_S = 600

WEB, WORKER, BEAT, COMMAND_LINE = "web", "worker", "beat", "command line"


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    role: str
    name: str
    queues: tuple[str, ...]
    host: str
    pid: int
    started_at: datetime
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """role: web, worker, beat or command line; name: of the worker or the command.

    queues: that a worker takes messages from. A Celery worker is several of these, one
    for each of its slots, with one name. is_alive: seen within 10 s; others were seen
    within 10 minutes, and have ended, hang, or cannot reach Redis.
    """

    role: str
    name: str
    queues: tuple[str, ...]
    host: str
    pid: int
    started_at: datetime
    release: str
    seen_at: datetime
    is_alive: bool


@dataclass(frozen=True, slots=True)
class _Own:
    role: str
    name: str
    queues: tuple[str, ...]


_id = uuid4().hex
_started_at = datetime.now(UTC)
_own: _Own | None = None


def introduce(role: str, *, name: str, queues: Sequence[str]) -> None:
    """What `own` says from now on; sending.introduce also begins to tell it."""
    global _own
    _own = _Own(role, name, tuple(queues))


def introduce_command_line() -> None:
    """For a process that has told something and never said what it is."""
    if _own is None:
        # The first word alone: what stands behind it may be anything.
        introduce(COMMAND_LINE, name=" ".join(sys.argv[1:2]), queues=())


def own() -> tuple[str, bytes] | None:
    """This process's id and what it says of itself; None before it was introduced."""
    if _own is None:
        return None
    said = _Said(
        role=_own.role,
        name=_own.name,
        queues=_own.queues,
        host=socket.gethostname(),
        pid=os.getpid(),
        started_at=_started_at,
        release=settings.RELEASE,
    )
    return _id, msgspec.json.encode(said)


def forget() -> None:
    global _own
    _own = None


def begin_anew() -> None:
    """In a forked process."""
    global _id, _started_at
    _id, _started_at = uuid4().hex, datetime.now(UTC)
    forget()


def processes() -> list[Process]:
    """Who is alive, and who was within 10 minutes: by role, host, name and pid.

    Raises redis_client.Away.
    """
    with reading.client() as client, client.pipeline(transaction=True) as pipeline:
        pipeline.time()
        pipeline.zrange(SEEN, 0, -1, withscores=True)
        pipeline.hgetall(PROCESSES)
        (now, _), seen, said = cast(
            tuple[tuple[int, int], list[tuple[bytes, float]], dict[bytes, bytes]],
            tuple(pipeline.execute()),
        )
    found = [
        _process(said[id], seen_at, now)
        for id, seen_at in seen
        if id in said and now - seen_at <= KEEP_S
    ]
    return sorted(found, key=lambda each: (each.role, each.host, each.name, each.pid))


def _process(text: bytes, seen_at: float, now: int) -> Process:
    said = msgspec.json.decode(text, type=_Said)
    return Process(
        **msgspec.structs.asdict(said),
        seen_at=datetime.fromtimestamp(seen_at, UTC),
        is_alive=now - seen_at <= GONE_AFTER_S,
    )
