"""P10: reactors' workers killed at random, between a command and the checkpoint."""

import json
import os
import signal
import sys
import time
from random import Random

from eventstore import store
from projections import checkpoints, dead_letters
from projections.models import Timer
from projections.reacting import starting
from tests import cleaning
from tests.faults import nursery
from tests.integration.eventstore import sessions
from tests.loyalty.reactors.bonus import BONUS, ONE, LoyaltyBonus

KILLS, WORKERS = 40, 2
LOOKS = 30  # at a worker before it is killed, wherever it is
NAME = LoyaltyBonus.name
# Where the checkpoint stands, while the worker is at its turn.
AT_ITS_TURN = """
SELECT position
FROM projections_checkpoint
WHERE projection = %s
  AND EXISTS (
      SELECT 1 FROM pg_stat_activity
      WHERE application_name = %s AND state = 'idle in transaction'
  )
"""
# Commands after events that stand behind the checkpoint.
GIVEN = """
SELECT count(*)
FROM eventstore_event given
JOIN eventstore_event answered
    ON answered.event_id = (given.metadata ->> 'causation_id')::uuid
WHERE given.metadata ->> 'actor' = 'reactor:' || %s AND answered.position > %s
"""
# By account: events that earn a bonus, bonuses given (with the gift of its opening).
COUNTS = """
SELECT stream,
       count(*) FILTER (WHERE data = jsonb_build_object('points', %(one)s::int)),
       count(*) FILTER (WHERE metadata ->> 'actor' = 'reactor:' || %(name)s),
       count(*) FILTER (WHERE data = jsonb_build_object('points', %(bonus)s::int))
FROM eventstore_event
WHERE stream LIKE 'account-%%'
GROUP BY stream
"""


def test_it_gives_each_command_once_while_workers_are_killed(
    process_environment, seed, tmp_path
):
    numbers, result, stop = Random(seed), tmp_path / "earner", tmp_path / "stop"
    starting.begin()
    settings = {"NURSERY_SETTINGS": "tests.settings"}
    with (
        nursery.opened({**process_environment, **settings}) as children,
        sessions.opened() as open_session,
    ):
        log = open_session(autocommit=True)
        read = open_session(cleaning.read_tables(), autocommit=True)
        earner = children.start("earner", stop=str(stop), result=str(result))
        workers = [children.start("reacting") for _ in range(WORKERS)]
        between = 0
        for _ in range(KILLS):
            time.sleep(numbers.uniform(0, 0.3))  # when the next one dies
            victim = workers.pop(numbers.randrange(WORKERS))
            between += _killed_between(log, read, victim)
            workers.append(children.start("reacting"))
        assert nursery.runs(earner)
        stop.touch()
        sessions.wait_until(lambda: not nursery.runs(earner), seconds=60)
        sessions.wait_until(_level, seconds=60)
        facts = {"one": ONE, "bonus": BONUS, "name": NAME}
        counts = log.execute(COUNTS, facts).fetchall()
    accounts = json.loads(result.read_text())["accounts"]
    sys.stdout.write(
        f"{KILLS} kills, {between} between a command and the checkpoint; "
        f"{accounts} accounts\n"
    )
    assert between, "no kill came between: the test proves nothing"
    assert len(counts) == accounts
    # Two that were earned, and the gift of the timer.
    assert {each[1:] for each in counts} == {(2, 3, 3)}
    assert dead_letters.count(NAME) == 0


def _killed_between(log: sessions.Session, read: sessions.Session, pid: int) -> bool:
    """Kills the worker, if it can be when it has given commands; whether it had."""
    given = 0
    for _ in range(LOOKS):
        os.kill(pid, signal.SIGSTOP)  # stands still while we look
        for (position,) in read.execute(AT_ITS_TURN, [NAME, f"reacting-{pid}"]):
            given = log.value(GIVEN, [NAME, position])
        if given:
            break
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    return bool(given)


def _level() -> bool:
    (checkpoint,) = checkpoints.live(NAME)
    return checkpoint.position == store.head() and not Timer.objects.exists()
