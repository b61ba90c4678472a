"""Rows are compared with their events while both change: nothing is reported that is
not so, whatever happens between the looks.
"""

import json
import sys
import time

import pytest
from django.db import connections

from projections import checkpoints, control, errors, operations, registry, status
from projections.models import Operation
from projections.verifying import checking, looks, tally
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts, rebuilds

NAMES = ("order_summary", "order_detail", "sales_daily", "customer_summary")
SWAPPED = "order_summary"
SECONDS = 6.0
SAMPLE = 60
FOLLOWERS = 2


@pytest.fixture
def counted_leases(monkeypatch) -> list[str]:
    """Names of the projections whose rows were looked at under the lease."""
    names: list[str] = []
    under_lease = looks.under_lease

    def counted(projection):
        names.append(projection.name)
        return under_lease(projection)

    monkeypatch.setattr(looks, "under_lease", counted)
    return names


def test_it_gives_no_false_alarm(children, seed, tmp_path, counted_leases):
    stop, result = tmp_path / "stop", tmp_path / "importer"
    children.start("importer", seed=seed, stop=str(stop), result=str(result))
    for _ in range(FOLLOWERS):
        children.start("follower")
    children.start("operator")
    sessions.wait_until(lambda: all(_position(name) for name in NAMES))
    tally.due(NAMES, every_s=60)
    first = rebuilds.begin(SWAPPED)
    checks, ends = _check_until(lambda: _is_over(first)), time.monotonic() + SECONDS
    assert operations.get(first.pk).state == Operation.State.FINISHED
    partitions = iter([2, 3, 1, 2] * 100)
    checks += _check_until(
        lambda: _repartition(next(partitions)) and time.monotonic() > ends
    )
    back = control.rollback(SWAPPED, actor=accounts.ADA, reason="tests")
    checks += _check_until(lambda: _is_over(back))
    assert operations.get(back.pk).state == Operation.State.FINISHED
    stop.touch()
    sessions.wait_until(result.exists, seconds=60)
    counted = {name: tally.of(name) for name in NAMES}
    appended = json.loads(result.read_text())["appended"]
    sys.stdout.write(
        f"{appended} events, {checks} checks, "
        f"{sum(each.checked for each in counted.values())} streams compared, "
        f"{len(counted_leases)} looks under the lease\n"
    )
    assert appended > 2_000
    assert {name: each.last_failure for name, each in counted.items()} == (
        dict.fromkeys(NAMES)
    )
    assert min(each.checked for each in counted.values()) >= SAMPLE
    # The same checks do find what is wrong.
    sessions.wait_until(_caught_up, seconds=60)
    with connections["read"].cursor() as cursor:
        cursor.execute("UPDATE orders_order_summary SET units = units + 1")
    found = checking.check(registry.get(SWAPPED), sample=SAMPLE)
    assert len(found.failed) == found.streams > 0


def _check_until(is_over) -> int:
    checks = 0
    while not is_over() or not checks:
        for name in NAMES:
            checking.check(registry.get(name), sample=SAMPLE)
            checks += 1
    return checks


def _repartition(count: int) -> bool:
    """Whether it was done; refused where a partition is too far behind."""
    try:
        control.repartition(SWAPPED, count, actor=accounts.ADA, reason="tests")
    except errors.NotAllowedInState:
        return False
    return True


def _position(name: str) -> int:
    return min((each.position for each in checkpoints.live(name)), default=0)


def _is_over(operation: Operation) -> bool:
    return operations.get(operation.pk).finished_at is not None


def _caught_up() -> bool:
    return status.of(SWAPPED).lag_events == 0
