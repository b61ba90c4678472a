"""How the projections stand: lag as it is defined, in few statements."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from projections import checkpoints, control, registry, status
from projections.models import Checkpoint, DeadLetter, Operation
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts, rebuilds, slow_status
from tests.integration.projections.accounts import NAME, earn
from tests.servers import ROOT

pytestmark = pytest.mark.usefixtures("database")

ASKED = {"actor": accounts.ADA, "reason": "looking into it"}
# Where the log is settled and where it ends; what is behind the positions; checkpoints.
OF_THE_LOG, OF_THE_READ_SIDE = 3, 4
GUARD = "eventstore_event_no_change"
ASK = """
import json
from projections import status
print(json.dumps(status.of("loyalty_balance").lag_seconds))
"""


@pytest.fixture
def open_session():
    with sessions.opened() as opened:
        yield opened


def started(events: int = 2) -> Checkpoint:
    accounts.open_account()
    for _ in range(events - 1):
        earn(1)
    return accounts.follow()


def age_events(hours: float) -> None:
    """As if all events had been recorded so long ago."""
    with connections["default"].cursor() as cursor:
        cursor.execute(f"ALTER TABLE eventstore_event DISABLE TRIGGER {GUARD}")
        cursor.execute(
            "UPDATE eventstore_event SET recorded_at = recorded_at - %s",
            [timedelta(hours=hours)],
        )
        cursor.execute(f"ALTER TABLE eventstore_event ENABLE ALWAYS TRIGGER {GUARD}")


def queries(look) -> tuple[int, int]:
    """Statements on the log's connection and on that of the read tables."""
    with (
        CaptureQueriesContext(connections["default"]) as log,
        CaptureQueriesContext(connections["read"]) as read,
    ):
        look()
    return len(log), len(read)


def make_a_mess() -> None:
    """Paused, stalled, held, partitioned, being rebuilt, rolled over, not started."""
    accounts.open_account()
    earn(10)
    accounts.follow()
    rebuilds.rebuild()
    names = sorted(set(registry.all()) - {NAME})
    control.pause(names[0], **ASKED)
    checkpoint = checkpoints.live(NAME)[0]
    for number, role_generation in enumerate([checkpoint.generation] * 2 + [1]):
        held(number, role_generation)
    for number in range(30):
        earn(number + 1)
    hour_ago = timezone.now() - timedelta(hours=1)
    Checkpoint.objects.filter(projection=names[1]).update(
        advanced_at=hour_ago, position=3
    )
    (whole,) = checkpoints.live(names[2])
    Checkpoint.objects.filter(pk=whole.pk).update(partitions=2, position=7)
    Checkpoint.objects.create(
        projection=whole.projection,
        version=whole.version,
        partition=1,
        partitions=2,
        position=5,
        epoch=whole.epoch,
    )
    for state in (Operation.State.FAILED, Operation.State.FILLING):
        ended = None if state == Operation.State.FILLING else timezone.now()
        Operation.objects.create(
            kind="rebuild",
            projection=names[3],
            version=1,
            state=state,
            actor="a",
            finished_at=ended,
        )
    Operation.objects.create(
        kind="retry", projection=names[3], version=1, state="retrying", actor="a"
    )
    Checkpoint.objects.filter(projection=names[4]).delete()


def held(number: int, generation: int) -> None:
    DeadLetter.objects.create(
        projection=NAME,
        generation=generation,
        stream=f"account-{number}",
        position=1,
        event_id="00000000-0000-4000-8000-000000000000",
        version=1,
        type="PointsEarned",
        category="handler",
        error="",
        traceback="",
        handler="",
    )


def same(found: status.Status, expected: slow_status.Numbers) -> None:
    shown = found.as_json()
    age = expected.pop("lag_seconds")
    assert {name: shown[name] for name in expected} == expected
    assert found.lag_seconds == pytest.approx(age, abs=5)
    assert (found.lag_seconds == 0) == (age == 0)


def test_it_counts_as_an_independent_count_does():
    make_a_mess()
    age_events(2)
    for expected, found in (
        (slow_status.of_all(), status.all()),
        (slow_status.of_all(reactors=True), status.reactors()),
    ):
        assert [each.name for each in found] == list(expected)
        for each in found:
            same(each, expected[each.name])


def test_it_names_every_state():
    make_a_mess()
    names = sorted(set(registry.all()) - {NAME})
    Checkpoint.objects.filter(projection=names[5]).update(state="faulted")
    states = {each.name: each.state for each in status.all()}
    assert [states[name] for name in names[:4]] == [
        "paused",
        "stalled",
        "catching_up",
        "catching_up",
    ]
    assert states[names[5]] == "faulted"


def test_it_gives_the_same_of_one_as_of_all():
    make_a_mess()
    look = status.both()
    for each in (*look.projections, *look.reactors):
        fresh = status.all() if each.name in registry.all() else status.reactors()
        (again,) = (other for other in fresh if other.name == each.name)
        assert again.as_json() | {"lag_seconds": 0} == each.as_json() | {
            "lag_seconds": 0
        }
    assert status.of(NAME).lag_events == 30


@pytest.mark.parametrize("look", [status.all, status.reactors, status.both])
def test_it_asks_the_same_few_statements_for_any_number_of_projections(look):
    make_a_mess()
    assert queries(look) == (OF_THE_LOG, OF_THE_READ_SIDE)
    assert queries(lambda: status.of(NAME)) == (OF_THE_LOG, OF_THE_READ_SIDE)


def test_it_has_no_lag_when_the_last_event_is_hours_old():
    started()
    age_events(5)
    found = status.of(NAME)
    assert (found.lag_events, found.lag_seconds, found.state) == (0, 0.0, "running")


def test_it_takes_the_age_of_the_oldest_event_that_waits():
    started()
    earn(1)
    age_events(3)
    earn(1)
    found = status.of(NAME)
    assert found.lag_events == 2
    assert found.lag_seconds == pytest.approx(3 * 3600, abs=60)


def test_it_says_the_same_in_a_process_that_has_just_started(process_environment):
    started()
    earn(1)
    age_events(3)
    here = status.of(NAME).lag_seconds
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", ASK],
        cwd=ROOT,
        env={**process_environment, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout)
    assert here < there  # it grows, and nobody works
    assert there == pytest.approx(here, abs=120)


def test_it_grows_while_the_projection_is_paused():
    started()
    control.pause(NAME, **ASKED)
    earn(1)
    before = status.of(NAME)
    age_events(1)
    after = status.of(NAME)
    assert (before.state, after.state) == ("paused", "paused")
    assert after.lag_seconds >= before.lag_seconds + 3600


def test_it_counts_no_event_that_is_not_settled(open_session):
    started()
    open_session().append()  # and holds its transaction open
    earn(1)
    found = status.of(NAME)
    assert (found.lag_events, found.lag_seconds) == (0, 0.0)
    assert found.head == 4


def test_it_counts_no_event_that_is_held():
    started()
    held(1, checkpoints.live(NAME)[0].generation)
    found = status.of(NAME)
    assert (found.dead_letters, found.lag_events, found.lag_seconds) == (1, 0, 0.0)
