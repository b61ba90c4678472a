"""What operators do to a projection: it holds, it is audited, and P2 stands."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from projections import batch, control, errors, operations, status
from projections.batch import Outcome
from projections.models import AuditEntry, Checkpoint
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.eventstore.clients import Beside
from tests.integration.projections import accounts, naive, rebuilds
from tests.integration.projections.accounts import NAME, Interrupted, earn, points

pytestmark = pytest.mark.usefixtures("database")

ASKED = {"actor": accounts.ADA, "reason": "looking into it"}
ACTIONS = {"pause": control.pause, "resume": control.resume, "rebuild": control.rebuild}


@pytest.fixture
def started(database: None) -> Checkpoint:
    accounts.open_account()
    earn(10)
    return accounts.follow()


def advance(module, checkpoint, window=None, projection=None):
    return module.advance(
        projection or accounts.projection(),
        checkpoint,
        accounts.window(checkpoint) if window is None else window,
        epoch=1,
        worker="tests",
    )


def test_it_stands_still_while_it_is_paused(started):
    control.pause(NAME, **ASKED)
    earn(3)
    assert accounts.follow().position == started.position
    assert points() == 10
    standing = status.of(NAME)
    assert (standing.state, standing.lag_events) == ("paused", 1)


def test_it_goes_on_where_it_stood(started):
    control.pause(NAME, **ASKED)
    earn(3)
    control.resume(NAME, **ASKED)
    accounts.follow()
    assert points() == 13
    assert status.of(NAME).state == "running"


@pytest.mark.parametrize(("module", "after"), [(batch, 10), (naive, 13)])
def test_it_stops_a_worker_that_had_already_read_its_events(module, after, started):
    earn(3)
    window = accounts.window(started)
    control.pause(NAME, **ASKED)
    advance(module, started, window)
    assert points() == after


def test_it_lets_the_batch_at_work_end_before_it_is_paused(started):
    earn(3)
    with sessions.opened(cleaning.read_tables()) as open_session:
        watcher = open_session(autocommit=True)
        at_work, go_on = threading.Event(), threading.Event()

        def hold():
            at_work.set()
            assert go_on.wait(timeout=20)

        def work():
            try:
                return advance(batch, started, projection=Interrupted(3, hold)).outcome
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as other:
            running = other.submit(work)
            assert at_work.wait(timeout=20)
            pausing = Beside(lambda: control.pause(NAME, **ASKED), using="read")
            sessions.wait_for_lock(watcher, pausing.pid)
            go_on.set()
            assert running.result() is Outcome.ADVANCED
        pausing.result()
    assert points() == 13
    assert status.of(NAME).state == "paused"


def test_it_builds_the_same_rows_again(started):
    accounts.open_account("2")
    earn(7, id="2")
    accounts.follow()
    before = accounts.rows()
    rebuilds.rebuild()
    rebuilt = accounts.checkpoint()
    assert accounts.rows() == before == {"1": ("ada", 10, 0), "2": ("ada", 7, 0)}
    assert rebuilt.generation == started.generation + 1
    assert rebuilt.events_folded == 4


@pytest.mark.parametrize(("module", "after"), [(batch, 13), (naive, 16)])
def test_it_ignores_a_worker_from_before_the_rebuild(module, after, started):
    """The rebuilt rows have its events already."""
    earn(3)
    window = accounts.window(started)
    rebuilds.rebuild()
    advance(module, started, window)
    assert points() == after


def test_it_leaves_other_projections_alone(started):
    others = {each.name: each.position for each in status.all() if each.name != NAME}
    control.rebuild(NAME, **ASKED)
    control.pause(NAME, **ASKED)
    assert {
        each.name: each.position for each in status.all() if each.name != NAME
    } == others
    assert {each.state for each in status.all() if each.name != NAME} == {"running"}


@pytest.mark.parametrize("action", ["pause", "resume", "rebuild"])
def test_it_writes_down_who_did_what_and_why(action, started):
    if action == "resume":
        control.pause(NAME, actor=accounts.ADA, reason="else")
    ACTIONS[action](NAME, **ASKED)
    entry = AuditEntry.objects.latest("at")
    assert (entry.action, entry.projection) == (action, NAME)
    assert (entry.actor, entry.reason) == ("ada", "looking into it")


@pytest.mark.parametrize("action", ["pause", "resume", "rebuild"])
def test_it_refuses_a_projection_that_is_not_there(action):
    with pytest.raises(errors.UnknownProjection, match="loyalty_balance"):
        ACTIONS[action]("no_such", **ASKED)


def test_it_refuses_what_is_so_already_and_writes_that_down(started):
    with pytest.raises(errors.NotAllowedInState, match="running already"):
        control.resume(NAME, **ASKED)
    control.pause(NAME, **ASKED)
    with pytest.raises(errors.NotAllowedInState, match="paused already"):
        control.pause(NAME, **ASKED)
    found = AuditEntry.objects.order_by("pk").values_list("action", "outcome")
    assert list(found) == [
        ("resume", "refused"),
        ("pause", "done"),
        ("pause", "refused"),
    ]


def test_it_refuses_before_a_worker_has_started_it():
    with pytest.raises(errors.NotAllowedInState, match="not been started"):
        control.rebuild(NAME, **ASKED)


def test_it_takes_two_rebuilds_at_once_for_one_after_the_other(started):
    with sessions.opened(cleaning.read_tables()) as open_session:
        watcher, holder = open_session(autocommit=True), open_session()
        holder.execute("SELECT FROM projections_checkpoint FOR UPDATE")
        both = []
        for _ in range(2):
            both.append(Beside(lambda: control.rebuild(NAME, **ASKED), using="read"))
            sessions.wait_for_lock(watcher, both[-1].pid)
        holder.rollback()
    both[0].result()
    with pytest.raises(errors.NotAllowedInState):
        both[1].result()
    assert rebuilds.roles() == {"live": 1, "shadow": 2}
    rebuilds.until(operations.current(NAME), rebuilds.State.FINISHED)
    assert points() == 10
    outcomes = AuditEntry.objects.values_list("outcome", flat=True)
    assert sorted(outcomes) == ["finished", "refused", "started"]


def test_it_does_not_rebuild_what_is_paused(started):
    control.pause(NAME, **ASKED)
    with pytest.raises(errors.NotAllowedInState, match="resume it first"):
        control.rebuild(NAME, **ASKED)
    assert points() == 10
    assert status.of(NAME).state == "paused"
