"""What beat sends, and how often."""

import pytest
from django.conf import settings

import eventstore.tasks
import monitoring.tasks
import projections.tasks
from cqrs_site import celery


@pytest.fixture
def every(settings):
    """The configured entries of the schedule, with a consistency check so often."""

    def configured(every_s: int) -> dict:
        check = settings.CQRS.query_side.consistency_check
        check = check.model_copy(update={"every_s": every_s})
        query_side = settings.CQRS.query_side
        query_side = query_side.model_copy(update={"consistency_check": check})
        settings.CQRS = settings.CQRS.model_copy(update={"query_side": query_side})
        return celery.configured()

    return configured


def test_it_checks_consistency_as_often_as_is_configured(every):
    entry = every(7)["check_consistency"]
    assert (entry["schedule"], entry["options"]) == (7.0, {"expires": 7})


def test_it_never_checks_consistency_where_that_is_0(every):
    assert "check_consistency" not in every(0)


def test_it_sends_what_stands_in_the_code_and_what_is_configured():
    schedule = celery.app.conf.beat_schedule
    assert set(schedule) == {
        "sweep",
        "operate",
        "react",
        "delete_expired_answers",
        "seal",
        "check_consistency",
        "sample",
    }
    every_s = settings.CQRS.query_side.consistency_check.every_s
    assert schedule["check_consistency"]["schedule"] == every_s


def test_it_sends_tasks_that_exist():
    names = {each["task"] for each in celery.app.conf.beat_schedule.values()}
    defined = {
        f"{tasks.__name__.removesuffix('.tasks')}.{name}"
        for tasks in (eventstore.tasks, monitoring.tasks, projections.tasks)
        for name in vars(tasks)
    }
    assert names <= defined
