"""The swap is one short transaction: readers hardly wait, and never see a gap."""

import threading

import pytest
from django.db import connections

from projections import control, errors, tables
from projections.models import Checkpoint
from projections.rebuilding import snapshots, swapping
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, earn, points
from tests.integration.projections.rebuilds import State
from tests.loyalty import models

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def swapping_now(database: None):
    """A rebuild that has everything but the swap behind it."""
    accounts.open_account()
    earn(10)
    accounts.follow()
    return rebuilds.until(rebuilds.begin(), State.SWAPPING)


def test_it_gives_way_to_a_long_reader_and_names_it(swapping_now):
    with sessions.opened(cleaning.read_tables()) as open_session:
        reader = open_session()
        reader.execute("SET application_name = 'nightly dump'")
        reader.execute("SELECT * FROM loyalty_balance")
        operation = rebuilds.step(swapping_now)
        assert operation.state == State.SWAPPING
        assert "(nightly dump, user " in operation.note
        assert f"session {reader.info.backend_pid} " in operation.note
        assert points() == 10  # others read on
        reader.rollback()
    operation = rebuilds.until(operation, State.FINISHED)
    assert operation.result["blocked_readers_at_most_ms"] > 0


def test_it_tries_longer_each_time_up_to_a_limit(swapping_now, monkeypatch):
    monkeypatch.setattr(swapping, "FIRST_TIMEOUT_MS", 10)
    monkeypatch.setattr(swapping, "LONGEST_TIMEOUT_MS", 40)
    with sessions.opened(cleaning.read_tables()) as open_session:
        open_session().execute("SELECT * FROM loyalty_balance")
        waits = []
        for _ in range(4):
            rebuilds.step(swapping_now)
            waits.append(swapping._timeouts[swapping_now.pk])
    assert waits == [20, 40, 40, 40]


def test_it_never_shows_a_reader_an_empty_or_older_table(swapping_now):
    """Readers that ask all the time, while tables are exchanged again and again."""
    seen, ended = [[], [], []], threading.Event()

    def read(mine):
        try:
            while not ended.is_set():
                mine.append(models.Balance.objects.values_list("points", flat=True)[0])
        finally:
            connections.close_all()

    readers = [threading.Thread(target=read, args=[mine]) for mine in seen]
    for each in readers:
        each.start()
    rebuilds.until(swapping_now, State.FINISHED)
    for _ in range(3):
        earn(1)
        accounts.follow()
        rebuilds.rebuild()
        earn(1)
        rebuilds.roll_back()
    ended.set()
    for each in readers:
        each.join()
    assert all(len(mine) > 20 for mine in seen)  # a read that failed ended its reader
    assert all(mine == sorted(mine) for mine in seen)
    assert points() == 16


def test_it_takes_the_coming_tables_along_to_where_the_live_ones_stand(swapping_now):
    """Else a reader who saw an event would miss it after the swap."""
    earn(5)
    behind = Checkpoint.objects.get(projection=NAME, role="shadow")
    Checkpoint.objects.filter(pk=behind.pk).update(state=Checkpoint.State.PAUSED)
    accounts.follow()
    Checkpoint.objects.filter(pk=behind.pk).update(state=Checkpoint.State.RUNNING)
    assert accounts.checkpoint().position > behind.position
    assert swapping.step(swapping_now)
    assert points() == 15
    assert accounts.checkpoint().generation == 2


def test_it_leaves_it_to_followers_when_they_are_far_behind(swapping_now, monkeypatch):
    monkeypatch.setattr(swapping, "AT_MOST", 2)
    Checkpoint.objects.filter(projection=NAME, role="shadow").update(
        state=Checkpoint.State.PAUSED
    )
    for _ in range(4):
        earn(1)
    accounts.follow()
    swapping.step(swapping_now)
    swapping_now.refresh_from_db()
    assert swapping_now.state == State.TAILING


def test_it_changes_nothing_when_it_dies_between_its_statements(
    swapping_now, monkeypatch
):
    """Tables, checkpoints and operation change together or not at all."""
    move = tables.move

    def dying(*arguments):
        move(*arguments)
        raise ConnectionError("the worker was killed")

    monkeypatch.setattr(tables, "move", dying)
    with pytest.raises(ConnectionError):
        swapping.step(swapping_now)
    assert rebuilds.roles() == {"live": 1, "shadow": 2}
    assert rebuilds.tables_in("projections_shadow") == ["loyalty_balance"]
    assert points() == 10
    monkeypatch.undo()
    rebuilds.until(swapping_now, State.FINISHED)


def test_it_ignores_a_worker_that_read_its_events_before_the_swap(swapping_now):
    """The position is the same, the tables are others: the role tells."""
    from projections import batch
    from projections.batch import Outcome

    (shadow,) = Checkpoint.objects.filter(projection=NAME, role="shadow")
    earn(3)
    window = accounts.window(shadow)
    Checkpoint.objects.filter(projection=NAME).update(position=shadow.position)
    rebuilds.until(swapping_now, State.FINISHED)
    Checkpoint.objects.filter(pk=shadow.pk).update(
        position=shadow.position, event_id=shadow.event_id
    )
    stale = batch.advance(
        accounts.projection(), shadow, window, epoch=1, worker="stale"
    )
    assert stale.outcome is Outcome.OVERTAKEN


def test_it_copies_what_the_live_table_grants(swapping_now, read_superuser_url):
    with sessions.opened(cleaning.read_tables()) as open_session:
        superuser = open_session(read_superuser_url, autocommit=True)
        superuser.execute("CREATE ROLE reports")
        try:
            owner = open_session(autocommit=True)
            owner.execute("GRANT SELECT ON loyalty_balance TO reports")
            control.cancel(NAME, actor=accounts.ADA, reason="once more")
            rebuilds.rebuild()
            granted = "SELECT has_table_privilege('reports', 'loyalty_balance', %s)"
            assert owner.value(granted, ["SELECT"])
            assert not owner.value(granted, ["UPDATE"])
            control.discard(NAME, actor=accounts.ADA, reason="done")
            owner.execute("REVOKE ALL ON loyalty_balance FROM reports")
        finally:
            superuser.execute("DROP ROLE reports")


def test_it_disturbs_no_dump_of_the_kept_tables(swapping_now):
    """A dump reads kept tables too: neither it nor the batches wait for each other."""
    rebuilds.until(swapping_now, State.FINISHED)
    with sessions.opened(cleaning.read_tables()) as open_session:
        dump = open_session()
        dump.execute("SET application_name = 'nightly dump'")
        dump.execute("SELECT * FROM projections_kept.loyalty_balance")
        operation = rebuilds.until(rebuilds.begin(), State.SWAPPING)
        operation = rebuilds.step(operation)
        assert operation.state == State.SWAPPING
        assert "(nightly dump, user " in operation.note
        with pytest.raises(errors.NotAllowedInState, match="held by another session"):
            control.discard(NAME, actor=accounts.ADA, reason="tests")
        assert dump.value("SELECT count(*) FROM projections_kept.loyalty_balance") == 1
        earn(1)
        accounts.follow()
        assert points() == 11
        dump.rollback()
    rebuilds.until(operation, State.FINISHED)


def test_it_brings_columns_along_that_a_migration_added_meanwhile(swapping_now):
    added = """
    ALTER TABLE loyalty_balance ADD COLUMN tier text NOT NULL DEFAULT 'new',
                                ADD COLUMN since date
    """
    with sessions.opened(cleaning.read_tables()) as open_session:
        owner = open_session(autocommit=True)
        owner.execute(added)
        try:
            rebuilds.until(swapping_now, State.FINISHED)
            assert owner.execute("SELECT tier, since FROM loyalty_balance").fetchall()
            owner.execute("ALTER TABLE loyalty_balance ADD COLUMN other int")
            rebuilds.roll_back()
            assert owner.execute("SELECT tier, other FROM loyalty_balance").fetchall()
            control.discard(NAME, actor=accounts.ADA, reason="tests")
        finally:
            owner.execute("ALTER TABLE loyalty_balance DROP COLUMN tier")
            owner.execute("ALTER TABLE loyalty_balance DROP COLUMN since")
            owner.execute("ALTER TABLE loyalty_balance DROP COLUMN IF EXISTS other")


def test_it_goes_on_without_comparing_what_is_never_level(database, monkeypatch):
    accounts.open_account()
    earn(10)
    accounts.follow()
    operation = rebuilds.until(rebuilds.begin(), State.COMPARING)
    monkeypatch.setattr(snapshots, "_taken", lambda *arguments: None)
    operation = rebuilds.until(operation, State.FINISHED)
    compared = operation.result["comparison"]["not_compared"]
    assert compared == "loyalty_balance was not level at any of 5 looks"


def test_it_lets_followers_wait_no_longer_than_the_look(swapping_now):
    """They are told when to come again, which is past when the look is over."""
    with snapshots.level(
        accounts.projection(), Checkpoint.Role.LIVE, Checkpoint.Role.SHADOW
    ) as snapshot:
        earn(5)
        accounts.follow()
        assert points() == 15
        with snapshot.connection.cursor() as cursor:
            cursor.execute("SELECT points FROM loyalty_balance")
            assert cursor.fetchall() == [(10,)]
