"""Samples are taken once a slot; a slot without one is a gap."""

from datetime import timedelta

import pytest
from django.utils import timezone

from eventstore.telemetry import sending
from monitoring import history, sampling
from monitoring.models import Sample
from projections import control, runner, timings
from projections.errors import NotAllowedInState
from tests.integration.eventstore import clients, sessions
from tests.integration.projections import accounts, rebuilds, sales

pytestmark = pytest.mark.usefixtures("database")
NAME = sales.NAME


def pass_time(seconds: int) -> None:
    """Moves the samples that there are into the past."""
    for each in Sample.objects.order_by("pk"):
        Sample.objects.filter(pk=each.pk).delete()
        Sample.objects.create(
            pk=each.pk - seconds // 10,
            at=each.at - timedelta(seconds=seconds),
            data=each.data,
        )


def test_two_workers_take_one_sample():
    took = clients.together(4, lambda _: sampling.take())
    assert not [each for each in took if isinstance(each, Exception)]
    assert Sample.objects.count() in (1, 2)  # 2: another slot began meanwhile
    assert took.count(True) >= 1


def test_a_missing_sample_is_a_gap():
    sampling.take()
    pass_time(20)
    sampling.take()
    points = history.of_projection(NAME, minutes=1).points
    assert [each is not None for each in points][-3:] == [True, False, True]
    assert [each is not None for each in history.of_traffic(minutes=1).points][-3:] == [
        True,
        False,
        True,
    ]


def test_lag_grows_while_no_worker_runs_and_is_gone_when_one_has_run():
    sales.catch_up()
    sales.place_in("GB")
    lags = []
    for _ in range(2):
        sampling.take()
        lags.append(Sample.objects.order_by("-at")[0].data["projections"][NAME])
        pass_time(10)
    assert 0 < lags[0]["lag_seconds"] < lags[1]["lag_seconds"]
    sales.catch_up()
    sampling.take()
    newest = Sample.objects.order_by("-at")[0].data["projections"][NAME]
    assert (newest["lag_seconds"], newest["lag_events"]) == (0, 0)


def test_it_deletes_what_is_too_old():
    sampling.take()
    pass_time(25 * 3600)
    sampling.take()
    assert Sample.objects.count() == 1


@pytest.mark.parametrize("minutes", [1, 30, 360, 1440])
def test_a_series_has_at_most_360_points(minutes):
    sampling.take()
    (found,) = {len(each.points) for each in history.of_all(minutes=minutes).values()}
    assert 1 <= found <= history.MOST_POINTS


def test_a_longer_step_shows_the_greatest_lag():
    now = timezone.now()
    begin = now.timestamp() // 240 * 240 - 480
    for place, lag in enumerate([1.0, 9.0, 2.0]):
        at = now - timedelta(seconds=now.timestamp() - begin - 10 * place)
        data = {"projections": {NAME: {"lag_seconds": lag}}, "reactors": {}}
        Sample.objects.create(pk=place, at=at, data=data)
    found = [each for each in history.of_projection(NAME, minutes=1440).points if each]
    assert [each.values["lag_seconds"] for each in found] == [9.0]


def test_a_release_that_is_new_is_marked():
    sampling.take()
    Sample.objects.update(data={"release": "former"})
    Sample.objects.update(at=timezone.now() - timedelta(seconds=60), slot=1)
    assert history.marks(NAME, minutes=5) == []
    Sample.objects.create(pk=2, data={"release": "new"})
    (found,) = history.marks(NAME, minutes=5)
    assert (found.kind, found.label) == ("deploy", "new")


def test_it_tells_the_latest_batches_of_a_projection():
    sales.place_in("GB", "FR")
    assert runner.run_round(worker="w").advanced
    assert sending.flush()
    (found,) = timings.recent(NAME)
    assert (found.events, found.taken, found.parked, found.worker) == (2, 2, 0, "w")
    assert min(found.read_s, found.fold_s, found.write_s) > 0
    assert found.total_s >= found.read_s + found.fold_s + found.write_s


def test_a_sample_tells_that_an_open_append_holds_readers_back():
    with sessions.opened() as open_session:
        open_session(autocommit=True).append()
        open_session().append()
        open_session(autocommit=True).append()
        sampling.take()
    data = Sample.objects.get().data
    assert (data["head"], data["settled"]) == (3, 1)
    assert data["open_append_s"] > 0
    pass_time(10)
    sampling.take()
    data = Sample.objects.order_by("-at")[0].data
    assert (data["settled"], data["open_append_s"]) == (3, None)


def test_a_pause_and_its_end_are_marked_and_a_refusal_is_not():
    sales.catch_up()
    control.pause(NAME, actor=accounts.ADA, reason="tests")
    with pytest.raises(NotAllowedInState):
        control.swap(NAME, actor=accounts.ADA, reason="tests")
    control.resume(NAME, actor=accounts.ADA, reason="tests")
    found = history.marks(NAME, minutes=5)
    assert [(each.kind, each.label, each.actor) for each in found] == [
        ("pause", "done", accounts.ADA.name),
        ("resume", "done", accounts.ADA.name),
    ]


@pytest.mark.parametrize("review", [False, True])
def test_a_rebuild_is_marked_where_it_starts_and_where_it_goes_live(review):
    accounts.open_account()
    accounts.follow()
    operation = rebuilds.begin(review=review)
    if review:
        rebuilds.until(operation, rebuilds.State.READY)
        operation = control.swap(accounts.NAME, actor=accounts.ADA, reason="tests")
    assert kinds_of_marks() == ["rebuild"]
    rebuilds.until(operation, rebuilds.State.FINISHED)
    assert kinds_of_marks() == ["rebuild", "swap"]


def test_a_rebuild_that_is_cancelled_leaves_the_mark_of_its_start_alone():
    accounts.open_account()
    accounts.follow()
    rebuilds.begin()
    control.cancel(accounts.NAME, actor=accounts.ADA, reason="tests")
    assert kinds_of_marks() == ["rebuild"]


def test_a_roll_back_is_marked_once():
    accounts.open_account()
    accounts.follow()
    rebuilds.rebuild()
    rebuilds.roll_back()
    assert kinds_of_marks() == ["rebuild", "swap", "rollback"]


def kinds_of_marks() -> list[str]:
    return [each.kind for each in history.marks(accounts.NAME, minutes=5)]
