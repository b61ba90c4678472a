"""Rebuilds that fail, are cancelled or worked on twice at the worst moment."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from projections import (
    checkpoints,
    control,
    errors,
    operating,
    operations,
    status,
    tables,
)
from projections.models import Checkpoint
from projections.rebuilding import copying, filling, tailing
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, earn, points
from tests.integration.projections.rebuilds import State
from tests.loyalty import models

pytestmark = pytest.mark.usefixtures("database")

TABLE = "loyalty_balance"
# Sessions that wait for a lock.
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest.fixture
def started(database: None) -> Checkpoint:
    accounts.open_account()
    earn(10)
    return accounts.follow()


@pytest.fixture
def dump(database: None):
    """A session that reads tables of a schema until it is rolled back."""
    with sessions.opened(cleaning.read_tables()) as open_session:
        yield open_session()


@pytest.fixture
def failed_while_dumped(started, dump, monkeypatch):
    """Its shadow tables could not be dropped."""
    operation = rebuilds.until(rebuilds.begin(), State.TAILING)

    def half_a_deploy(operation):
        raise ImportError("half a deploy")

    dump.execute(f"SELECT * FROM projections_shadow.{TABLE}")
    with monkeypatch.context() as patched:
        patched.setattr(tailing, "step", half_a_deploy)
        operating.step(operation)
    operation = operations.get(operation.pk)
    assert (operation.state, operation.note) == (
        State.FAILED,
        "ImportError: half a deploy",
    )


def test_it_can_be_begun_again_when_it_failed_while_a_dump_read_its_tables(
    failed_while_dumped, dump
):
    assert rebuilds.roles() == {"live": 1}
    with pytest.raises(errors.NotAllowedInState, match="held by another session"):
        rebuilds.begin()
    dump.rollback()
    rebuilds.rebuild()
    assert points() == 10


def test_it_lets_nothing_that_failed_stand_in_the_way_of_a_roll_back(started, request):
    rebuilds.rebuild()
    request.getfixturevalue("failed_while_dumped")
    request.getfixturevalue("dump").rollback()
    assert rebuilds.tables_in("projections_shadow") == [TABLE]
    rebuilds.roll_back()
    assert rebuilds.roles() == {"live": 1, "kept": 2}


def shadow() -> tuple[int, int]:
    """Where the shadow tables stand, and how many rows they have."""
    with connections["read"].cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM projections_shadow.{TABLE}")
        (rows,) = cursor.fetchone()
    return Checkpoint.objects.get(projection=NAME, role="shadow").position, rows


def test_it_copies_rows_once_though_two_workers_saw_that_none_were_copied(started):
    operation = rebuilds.begin(from_timestamp=accounts.AT)
    of_another_worker = operations.get(operation.pk)
    operating.step(operation)
    assert shadow() == (started.position, 1)
    operating.step(of_another_worker)
    rebuilds.until(operations.get(operation.pk), State.FINISHED)


@pytest.mark.parametrize("late", [False, True], ids=["before", "during"])
def test_it_copies_nothing_into_the_tables_of_the_next_rebuild(
    late, started, monkeypatch
):
    """A worker has read of one that is cancelled, and of the next one it has not."""
    operation = rebuilds.begin(from_timestamp=accounts.AT)

    def cancel_and_begin_again(*arguments) -> None:
        monkeypatch.undo()
        control.cancel(NAME, actor=accounts.ADA, reason="all of it, rather")
        rebuilds.begin()

    if late:
        copy_rows = copying._copy_rows

        def slowly(*arguments):
            cancel_and_begin_again()
            copy_rows(*arguments)

        monkeypatch.setattr(copying, "_copy_rows", slowly)
    else:
        cancel_and_begin_again()
    with contextlib.suppress(OperationalError):  # the next look is that of the next one
        operating.step(operation)
    assert shadow() == (0, 0)


def test_it_folds_nothing_into_the_tables_of_the_next_rebuild(started, monkeypatch):
    monkeypatch.setattr(filling, "NEAR", 0)
    operation = rebuilds.begin()
    control.cancel(NAME, actor=accounts.ADA, reason="from that time on, rather")
    rebuilds.begin(from_timestamp=accounts.AT)
    operating.step(operation)
    assert shadow() == (0, 0)


def test_it_replaces_live_tables_that_have_failed(started, settings):
    """It is what helps against them: it must not need them to compare with."""
    settings.CQRS = accounts.configured(max_dead_letters=1)
    accounts.open_account("2")
    accounts.follow()
    models.Balance.objects.update(points=2**31 - 1)
    earn(1)
    earn(1, id="2")
    accounts.follow()
    assert status.of(NAME).state == "faulted"
    operation = rebuilds.rebuild()
    assert "failing" in operation.result["comparison"]["not_compared"]
    accounts.follow()
    assert (points(), points("2")) == (11, 1)


def test_it_is_cancelled_while_a_worker_ends_the_filling(started, monkeypatch):
    """Both change checkpoints and operation: in one order, or they would deadlock."""
    operation = rebuilds.begin()
    while tables.missing_indexes(accounts.projection()):
        operation = rebuilds.step(operation)
    move = operations.move
    with (
        sessions.opened(cleaning.read_tables()) as open_session,
        ThreadPoolExecutor(1) as pool,
    ):
        watcher, cancelled = open_session(autocommit=True), []

        def slowly(*arguments, **changes):
            moved = move(*arguments, **changes)
            monkeypatch.undo()
            cancelled.append(pool.submit(_cancel))
            sessions.wait_until(lambda: watcher.value(WAITING))
            return moved

        monkeypatch.setattr(operations, "move", slowly)
        filling.step(operation)
        assert cancelled[0].result() == State.CANCELLED
    assert rebuilds.roles() == {"live": 1}


def _cancel() -> str:
    try:
        return control.cancel(NAME, actor=accounts.ADA, reason="tests").state
    finally:
        connections.close_all()


@pytest.fixture
def migrated(started):
    """A column that the code knows was added after other tables were kept."""
    rebuilds.rebuild()
    with sessions.opened(cleaning.read_tables()) as open_session:
        owner = open_session(autocommit=True)
        owner.execute(f"ALTER TABLE projections_kept.{TABLE} DROP COLUMN spent")
        owner.execute(f"ALTER TABLE {TABLE} ALTER spent SET DEFAULT 0")
        yield
        owner.execute(f"ALTER TABLE {TABLE} ALTER spent DROP DEFAULT")


def test_it_catches_kept_tables_up_that_lack_a_column(migrated, dump):
    earn(5)
    accounts.follow()
    dump.execute(f"SELECT * FROM projections_kept.{TABLE}")
    with pytest.raises(errors.NotAllowedInState, match="held by another session"):
        rebuilds.roll_back()
    dump.rollback()
    rebuilds.roll_back()
    assert accounts.rows() == {"1": ("ada", 15, 0)}
    control.discard(NAME, actor=accounts.ADA, reason="tests")


def test_it_moves_no_rows_of_a_paused_projection_to_copy_them(started):
    for id in "2345":
        accounts.open_account(id)
    control.repartition(NAME, 2, actor=accounts.ADA, reason="tests")
    for id in "12345":
        earn(1, id=id)
    _, behind = checkpoints.live(NAME)
    Checkpoint.objects.filter(pk=behind.pk).update(
        next_attempt_at=timezone.now() + timedelta(hours=1)
    )
    accounts.follow()
    operation = rebuilds.begin(from_timestamp=accounts.AT)
    control.pause(NAME, actor=accounts.ADA, reason="tests")
    before = accounts.rows()
    operating.step(operation)
    assert accounts.rows() == before
    control.resume(NAME, actor=accounts.ADA, reason="tests")
    rebuilds.until(operations.get(operation.pk), State.FINISHED)
    accounts.follow()
    assert {points(id) for id in "2345"} == {1}
