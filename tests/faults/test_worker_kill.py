"""P2: followers killed at random, in the middle of batches, while events pour in."""

import json
import os
import signal
import sys
import time
from random import Random

from eventstore import store
from projections import checkpoints, registry, status
from tests import cleaning
from tests.faults import independent_fold, nursery
from tests.integration.eventstore import sessions
from tests.integration.orders import read_models

KILLS, FOLLOWERS = 20, 2
NAMES = ("order_summary", "order_detail", "customer_summary", "customer_timeline")
OFF = ("UPDATE_MODE", "off")
# What a follower's session does: its transaction is a batch.
IN_A_BATCH = """
SELECT count(*)
FROM pg_stat_activity
WHERE application_name = %s AND xact_start IS NOT NULL AND state <> 'idle'
"""


def test_it_keeps_the_tables_right_while_workers_are_killed(
    process_environment, seed, tmp_path
):
    numbers, result, stop = Random(seed), tmp_path / "importer", tmp_path / "stop"
    configured = {
        f"CQRS__QUERY_SIDE__PROJECTIONS__{name.upper()}__{key}": value
        for name in registry.all()
        # Small batches of a few, so that the others are not waited for.
        for key, value in [("BATCH_SIZE", "100") if name in NAMES else OFF]
    }
    began = time.monotonic()
    with (
        nursery.opened({**process_environment, **configured}) as children,
        sessions.opened() as open_session,
    ):
        watcher = open_session(cleaning.read_tables(), autocommit=True)
        arguments = {"seed": seed, "stop": str(stop), "result": str(result)}
        importer = children.start("importer", **arguments)
        followers = [children.start("follower") for _ in range(FOLLOWERS)]
        in_a_batch = 0
        for _ in range(KILLS):
            time.sleep(numbers.uniform(0, 0.5))  # when the next one dies
            victim = followers.pop(numbers.randrange(FOLLOWERS))
            in_a_batch += _killed_in_a_batch(watcher, victim)
            followers.append(children.start("follower"))
        assert nursery.runs(importer)
        stop.touch()
        killing = time.monotonic() - began
        sessions.wait_until(lambda: not nursery.runs(importer), seconds=60)
        sessions.wait_until(_caught_up, seconds=60)
        whole = time.monotonic() - began
        appended = json.loads(result.read_text())["appended"]
        folded = independent_fold.orders(open_session())
    sys.stdout.write(
        f"{KILLS} kills in {killing:.1f} s, {in_a_batch} in a batch; "
        f"{appended} events of {len(folded)} orders, level after "
        f"{whole:.1f} s\n"
    )
    assert in_a_batch, "no kill met a batch: the test proves nothing"
    assert sum(each["version"] for each in folded.values()) == appended
    for name in ("order_summary", "order_detail"):
        (checkpoint,) = checkpoints.live(name)
        assert checkpoint.events_folded == appended
    assert read_models.wrong(*NAMES) == {}


def _killed_in_a_batch(watcher: sessions.Session, pid: int) -> bool:
    """Kills the follower; whether it was in a transaction, stopped to look."""
    os.kill(pid, signal.SIGSTOP)
    at_work = watcher.value(IN_A_BATCH, [f"follower-{pid}"])
    os.kill(pid, signal.SIGKILL)
    return bool(at_work)


def _caught_up() -> bool:
    head = store.head()
    standing = [status.of(name) for name in NAMES]
    assert not any(each.last_error for each in standing)
    return all(each.position == head for each in standing)
