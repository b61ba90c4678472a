"""The page of one projection: where it stands, why, and what may be done."""

import json

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from eventstore import redis_client
from eventstore.telemetry import sending
from monitoring import sampling
from projections import checkpoints, control, failure
from projections.models import AuditEntry, Checkpoint
from tests.integration.console import people, shown
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, earn
from tests.integration.projections.rebuilds import State
from tests.loyalty import models

pytestmark = pytest.mark.usefixtures("holding")

PAGE = f"/ops/projections/{NAME}/"
CHART = f"{PAGE}chart/"


def test_it_shows_where_it_stands_and_what_it_holds(operator):
    page = operator.get(PAGE)
    said = shown.text(page)
    stands = accounts.checkpoint().position
    assert "● running" in said
    assert f"Position {stands} of {stands}" in said
    assert "ValueError: three" in said
    assert "tests" in said  # the worker
    assert operator.get("/ops/projections/unknown/").status_code == 404


def test_it_says_why_it_is_faulted_and_what_helps(operator):
    earn(7, id="well")
    Checkpoint.objects.filter(projection=NAME).update(
        failures=9,
        failure=failure.described(KeyError("colour")),
        next_attempt_at=timezone.now(),
    )
    page = operator.get(PAGE)
    said = shown.text(page)
    assert "✖ faulted" in said
    assert "Its code fails on what comes next" in said
    assert "KeyError: 'colour'" in said
    position = accounts.checkpoint().position + 1
    assert f'href="/ops/events/{position}/"' in page.content.decode()
    assert "<details" in page.content.decode()


def test_it_says_that_only_a_rebuild_helps_a_log_that_diverged(operator):
    Checkpoint.objects.filter(projection=NAME).update(
        state="faulted",
        failure={"category": "log-diverged", "error": "gone", "traceback": ""},
    )
    assert "only a rebuild helps" in shown.text(operator.get(PAGE))


def test_it_says_which_code_and_which_tables_are_of_what_version(operator):
    Checkpoint.objects.filter(projection=NAME).update(version=7)
    said = shown.text(operator.get(PAGE))
    assert "The code here is version 1, the live tables are of version 7" in said


def test_it_shows_a_rebuild_from_its_beginning_to_the_roll_back(operator):
    assert "It was never rebuilt" in shown.text(operator.get(PAGE))
    models.Balance.objects.filter(pk="well").update(points=99)
    operation = rebuilds.begin(review=True)
    said = shown.text(operator.get(PAGE))
    assert f"Rebuild {operation.pk} ◐ filling" in said
    assert "Cancel" in said
    assert "Swap" not in said
    rebuilds.until(operation, State.READY)
    said = shown.text(operator.get(PAGE))
    assert "1 rows differ at position" in said
    assert "well points 99 10" in said
    assert "Swap" in said
    control.swap(NAME, actor=accounts.ADA, reason="as expected")
    rebuilds.until(operation, State.FINISHED)
    said = shown.text(operator.get(PAGE))
    assert "Those before the last swap: version 1, generation 1" in said
    assert "Roll back" in said
    assert "Discard" in said
    assert "as expected" in said


def test_it_says_why_a_rebuild_failed(operator):
    operation = rebuilds.begin(review=True)
    control.cancel(NAME, actor=accounts.ADA, reason="")
    said = shown.text(operator.get(PAGE))
    assert f"The last rebuild, {operation.pk} , ❚❚ cancelled" in said


@pytest.mark.usefixtures("patient_redis")
def test_it_shows_the_latest_batches_with_a_bar_for_each(operator):
    earn(2, id="well")
    accounts.follow()
    assert sending.flush()
    page = operator.get(PAGE).content.decode()
    assert 'class="steps"' in page
    assert "style=" not in page


def test_it_says_that_redis_is_away(operator, silent_redis):
    redis_client.forget_shared()
    assert "Redis is away, which has them" in shown.text(operator.get(PAGE))


def test_it_draws_what_was_sampled_with_marks_and_gaps(operator):
    control.pause(NAME, actor=accounts.ADA, reason="index")
    sampling.take()
    told = json.loads(operator.get(CHART).content)
    position, head, lag = (each["values"] for each in told["lines"])
    stands = accounts.checkpoint().position
    assert [each for each in position if each is not None] == [stands]
    assert [each for each in head if each is not None] == [stands]
    assert [each for each in lag if each is not None] == [0]
    assert len(told["times"]) == len(position) > 100  # the gaps
    assert [each["kind"] for each in told["marks"]] == ["pause"]
    page = shown.text(operator.get(PAGE))
    assert "As a table" in page
    assert "pause done by ada" in page


def test_it_sends_a_chart_that_did_not_change_once(operator):
    sampling.take()
    first = operator.get(f"{CHART}?minutes=1440")
    again = operator.get(
        f"{CHART}?minutes=1440", headers={"If-None-Match": first["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_it_shows_charts_to_nobody_else(viewer):
    stranger = people.member("")
    assert stranger.get(CHART).status_code == 403
    assert stranger.get(PAGE).status_code == 403
    assert viewer.get(CHART).status_code == 200


def test_it_changes_nothing_of_an_open_page_while_nothing_happens(operator):
    first = operator.get(PAGE, headers={"X-Live": "1"})
    again = operator.get(PAGE, headers={"X-Live": "1", "If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_it_asks_as_many_questions_however_much_there_is(operator):
    def asked() -> int:
        operator.get(PAGE)  # warm
        captured = [CaptureQueriesContext(connections[each]) for each in connections]
        with captured[0], captured[1]:
            assert operator.get(PAGE).status_code == 200
        return sum(len(each) for each in captured)

    before = asked()
    for _ in range(12):
        control.pause(NAME, actor=accounts.ADA, reason="")
        control.resume(NAME, actor=accounts.ADA, reason="")
    control.repartition(NAME, 4, actor=accounts.ADA, reason="")
    for _ in range(3):
        rebuilds.rebuild()
    assert len(checkpoints.live(NAME)) >= 1
    assert AuditEntry.objects.count() > 24
    assert asked() <= before + 1
    assert before <= 30
