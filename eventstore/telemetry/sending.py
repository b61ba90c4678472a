"""Gathers in memory what a process tells, and sends it to Redis once a second.

Who tells something pays for a lock and a few dictionary entries. One thread of each
process sends, from its first entry on, also in a process that was forked. While Redis
is away counts add up and the newest entries stay, within the bounds of pending.py. A
process that is killed takes its last second with it.
"""

import atexit
import logging
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import msgspec
import redis
from django.conf import settings

from eventstore import redis_client
from eventstore.telemetry import presence, slots
from eventstore.telemetry.pending import Pending
from eventstore.telemetry.slots import Labels

logger = logging.getLogger(__name__)

EVERY_S = 1.0
TIMEOUT_S = 1.0
# Entries of which there are no newer ones.
KEEP_ENTRIES_S = 24 * 3600

# A batch whose answer was lost is sent again, and counted once: its mark tells.
# KEYS: the batch's mark, the processes by when they were seen, and what they say.
# ARGV: the batch ("" for none) and the process (""); seconds to keep counts, entries
# and processes.
SEND = """
if ARGV[1] ~= '' and redis.call('SET', KEYS[1], 1, 'NX', 'EX', ARGV[4]) then
    local batch = cjson.decode(ARGV[1])
    for _, counted in ipairs(batch.counts) do
        for field, times in pairs(counted.fields) do
            redis.call('HINCRBY', counted.key, field, times)
        end
        redis.call('EXPIRE', counted.key, ARGV[4])
    end
    for _, list in ipairs(batch.lists) do
        for _, entry in ipairs(list.entries) do
            redis.call('LPUSH', list.key, entry)
        end
        redis.call('LTRIM', list.key, 0, list.newest - 1)
        redis.call('EXPIRE', list.key, ARGV[5])
    end
end
if ARGV[2] ~= '' then
    local now = tonumber(redis.call('TIME')[1])
    redis.call('ZADD', KEYS[2], now, ARGV[2])
    redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
    local old = redis.call('ZRANGE', KEYS[2], '-inf', now - ARGV[6], 'BYSCORE')
    for _, process in ipairs(old) do
        redis.call('ZREM', KEYS[2], process)
        redis.call('HDEL', KEYS[3], process)
    end
end
"""


@dataclass(frozen=True, slots=True)
class Batch:
    id: str
    text: bytes


_lock = threading.Lock()  # of what is gathered
_pending = Pending()
_sending = threading.Lock()  # of what is on its way
_unsent: Batch | None = None
_client: redis.Redis | None = None
_client_url = ""
_thread: threading.Thread | None = None
_is_away = False


def count(kind: str, labels: Labels, times: int = 1) -> None:
    """Counts in the slot of this moment. Labels are a few words of a bounded set."""
    with _lock:
        _pending.count(kind, labels, times, slot=slots.now())
    start()


def observe(kind: str, labels: Labels, seconds: float, *, times: int = 1) -> None:
    """As `count`, with how long it took as the last label."""
    count(kind, (*labels, str(slots.bucket(seconds))), times)


def remember(name: str, entries: Sequence[Any], *, newest: int) -> None:
    """Adds entries, which msgspec can write as JSON, to a list of the newest ones."""
    with _lock:
        for each in entries:
            _pending.remember(name, each, newest=newest)
    start()


def introduce(role: str, *, name: str = "", queues: Sequence[str] = ()) -> None:
    """From now on this process tells every second that it is alive, and what it is."""
    presence.introduce(role, name=name, queues=queues)
    start()


def start() -> None:
    """Starts the process's thread, unless it runs."""
    global _thread
    if _thread is not None:
        return
    with _lock:
        if _thread is None:
            presence.introduce_command_line()
            _thread = threading.Thread(target=_run, name="telemetry", daemon=True)
            _thread.start()


def flush() -> bool:
    """Sends now what has gathered; False while Redis is away, which loses nothing.

    Never raises.
    """
    global _unsent
    with _sending:
        retries = _unsent is not None
        _unsent = _unsent or _taken()
        if not _sent():
            return False
        if retries:
            _unsent = _taken()
            return _sent()
        return True


def forget() -> None:
    """Drops what has gathered, as if the process had just begun."""
    global _pending, _unsent
    with _sending, _lock:
        _pending, _unsent = Pending(), None
        presence.forget()


def _run() -> None:
    while True:
        time.sleep(EVERY_S)
        try:
            flush()
        except Exception:
            # Nothing is at stake but the record, and a dead thread would tell nobody.
            logger.exception("telemetry cannot be sent")


def _taken() -> Batch | None:
    """What has gathered until now, as a batch."""
    global _pending
    with _lock:
        if not _pending:
            return None
        taken, _pending = _pending, Pending()
    counts = [
        {
            "key": slots.key(kind, slot),
            "fields": {
                slots.SEPARATOR.join(labels): n for labels, n in counters.items()
            },
        }
        for (slot, kind), counters in taken.counts.items()
    ]
    lists = [
        {
            "key": slots.list_key(name),
            "newest": entries.maxlen,
            "entries": [msgspec.json.encode(each).decode() for each in entries],
        }
        for name, entries in taken.entries.items()
    ]
    return Batch(uuid4().hex, msgspec.json.encode({"counts": counts, "lists": lists}))


def _sent() -> bool:
    global _unsent, _is_away
    process = presence.own()
    if _unsent is None and process is None:
        return True
    id, text = process or ("", b"")
    try:
        _connected().eval(
            SEND,
            3,
            f"telemetry:sent:{_unsent.id}" if _unsent else "telemetry:sent",
            presence.SEEN,
            presence.PROCESSES,
            _unsent.text if _unsent else "",
            id,
            text,
            str(slots.KEEP_S),
            str(KEEP_ENTRIES_S),
            str(presence.KEEP_S),
        )
    except redis.RedisError as error:
        if not _is_away:  # once an outage
            logger.warning("telemetry waits for Redis: %s", error)
        _is_away = True
        return False
    _unsent, _is_away = None, False
    return True


def _connected() -> redis.Redis:
    """A client of its own: what takes long here must not break the hot path's."""
    global _client, _client_url
    if _client is None or _client_url != settings.REDIS_URL:
        if _client is not None:
            _client.close()
        _client = redis_client.connect(timeout_s=TIMEOUT_S)
        _client_url = settings.REDIS_URL
    return _client


def _begin_anew() -> None:
    """In a forked process: what its parent gathered is the parent's to send."""
    global _lock, _sending, _pending, _unsent, _client, _thread, _is_away
    _lock, _sending = threading.Lock(), threading.Lock()
    _pending, _unsent, _client, _thread, _is_away = Pending(), None, None, None, False
    presence.begin_anew()


os.register_at_fork(after_in_child=_begin_anew)
atexit.register(flush)
