"""Processes add up in Redis; one that is away costs no counts."""

import multiprocessing
import os
import socket
import threading
import time

import pytest
import redis

from eventstore.telemetry import presence, reading, sending, slots
from tests.integration.eventstore import sessions

pytestmark = pytest.mark.usefixtures("database")


def counted(kind: str = "tests") -> int:
    now = slots.now()
    return reading.counts(kind, first=now - 300, last=now).total()


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name == "telemetry"]


def test_it_sends_by_itself_within_seconds():
    sending.count("tests", ("a",), 3)
    sessions.wait_until(lambda: counted() == 3)


def test_it_has_one_thread_however_many_tell_something():
    many = [
        threading.Thread(target=sending.count, args=("tests", ("a",)))
        for _ in range(20)
    ]
    for each in many:
        each.start()
    for each in many:
        each.join()
    assert threads() == ["telemetry"]
    assert sending.flush()
    assert counted() == 20


def test_it_loses_no_count_while_redis_is_away(silent_redis, settings):
    away, there = settings.REDIS_URL, os.environ["REDIS_URL"]
    for _ in range(3):
        sending.count("tests", ("a",))
        assert not sending.flush()
    settings.REDIS_URL = there
    sending.count("tests", ("a",))
    assert sending.flush()
    assert counted() == 4
    assert away != there


def test_it_counts_a_batch_once_whose_answer_was_lost(monkeypatch):
    sending.count("tests", ("a",), 2)
    client = sending._connected()
    ask = client.eval

    def lose_the_answer(*arguments):
        ask(*arguments)
        raise redis.TimeoutError

    with monkeypatch.context() as patched:
        patched.setattr(client, "eval", lose_the_answer)
        assert not sending.flush()
    sending.count("tests", ("a",))
    assert sending.flush()
    assert counted() == 3


def test_it_keeps_the_newest_entries_of_all_processes():
    for number in range(5):
        sending.remember("tests", [number], newest=3)
        assert sending.flush()
    assert reading.newest(["tests"]) == [b"4", b"3", b"2"]


def _tell(times: int) -> None:
    sending.count("tests", ("a",), times)
    sending.flush()
    os._exit(0)


def test_forked_processes_add_up_and_send_nothing_of_their_parent():
    sending.count("tests", ("a",), 1)
    forked = multiprocessing.get_context("fork")
    children = [forked.Process(target=_tell, args=(n,)) for n in (10, 100)]
    for each in children:
        each.start()
    for each in children:
        each.join(timeout=30)
        assert each.exitcode == 0
    assert counted() == 110
    assert sending.flush()
    assert counted() == 111


def _tell_and_live() -> None:
    sending.count("tests", ("a",))
    time.sleep(60)


def test_a_forked_process_sends_by_itself():
    sending.count("tests", ("a",))
    assert sending.flush()
    child = multiprocessing.get_context("fork").Process(target=_tell_and_live)
    child.start()
    try:
        sessions.wait_until(lambda: counted() == 2)
    finally:
        child.kill()
        child.join()


def test_a_process_forked_while_its_parent_sends_is_not_stuck():
    with sending._sending, sending._lock:
        child = multiprocessing.get_context("fork").Process(target=_tell, args=(1,))
        child.start()
        child.join(timeout=20)
    assert child.exitcode == 0
    assert counted() == 1


def test_it_tells_who_is_alive_and_who_is_gone():
    sending.introduce(
        presence.WORKER, name="projections-1@here", queues=["projections"]
    )
    assert sending.flush()
    (found,) = presence.processes()
    assert (found.role, found.name) == ("worker", "projections-1@here")
    assert (found.host, found.pid) == (socket.gethostname(), os.getpid())
    assert found.queues == ("projections",)
    assert found.is_alive
    assert found.started_at <= found.seen_at
    _seen_before(seconds=presence.GONE_AFTER_S + 2)
    (found,) = presence.processes()
    assert not found.is_alive
    _seen_before(seconds=presence.KEEP_S)
    assert presence.processes() == []


def _seen_before(*, seconds: int) -> None:
    presence.forget()
    time.sleep(sending.EVERY_S)  # what the thread has begun to say, it says now
    with reading.client() as client:
        for process, seen_at in client.zrange(presence.SEEN, 0, -1, withscores=True):
            client.zadd(presence.SEEN, {process: seen_at - seconds})


def test_it_drops_what_tests_gathered_before():
    sending.count("tests", ("a",))
    sending.forget()
    assert sending.flush()
    assert counted() == 0
