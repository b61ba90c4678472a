"""Partitions are changed while events pour in and followers are killed: nothing is
skipped, nothing folded twice.
"""

import json
import os
import signal
import sys
import time
from random import Random

from eventstore import store
from projections import checkpoints, control, errors, status
from tests import cleaning
from tests.faults import independent_fold
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts

NAMES = ("order_summary", "order_detail")
CHANGES = (2, 4, 1, 3, 8, 2)
FOLLOWERS = 2


def test_it_loses_and_doubles_nothing(children, seed, tmp_path):
    numbers, stop, result = Random(seed), tmp_path / "stop", tmp_path / "importer"
    children.start("importer", seed=seed, stop=str(stop), result=str(result))
    followers = [children.start("follower") for _ in range(FOLLOWERS)]
    sessions.wait_until(lambda: all(checkpoints.live(name) for name in NAMES))
    changed = 0
    for count in CHANGES:
        time.sleep(0.2)  # some batches of each arrangement
        for name in NAMES:
            changed += _change(name, count)
        os.kill(followers.pop(numbers.randrange(FOLLOWERS)), signal.SIGKILL)
        followers.append(children.start("follower"))
    stop.touch()
    sessions.wait_until(result.exists, seconds=60)
    sessions.wait_until(_caught_up, seconds=60)
    appended = json.loads(result.read_text())["appended"]
    with sessions.opened() as open_session:
        folded = independent_fold.orders(open_session())
        reader = open_session(cleaning.read_tables())
        summaries = independent_fold.actual_summaries(reader)
        details = independent_fold.actual_details(reader)
    sys.stdout.write(f"{changed} changes, {appended} events, {len(folded)} orders\n")
    assert changed == len(CHANGES) * len(NAMES)
    for name in NAMES:
        assert len(checkpoints.live(name)) == CHANGES[-1]
        assert sum(each.events_folded for each in checkpoints.live(name)) == appended
    assert summaries == independent_fold.expected_summaries(folded)
    assert details == independent_fold.expected_details(folded)


def _change(name: str, count: int) -> bool:
    """Again while a partition is too far behind, as the door says."""
    for _ in range(100):
        try:
            control.repartition(name, count, actor=accounts.ADA, reason="tests")
            return True
        except errors.NotAllowedInState as error:
            if "behind" not in str(error):
                raise
            time.sleep(0.1)
    return False


def _caught_up() -> bool:
    standing = [status.of(name) for name in NAMES]
    assert not any(each.last_error for each in standing)
    return all(each.position == store.head() for each in standing)
