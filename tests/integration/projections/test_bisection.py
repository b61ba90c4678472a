"""An event whose row cannot be stored is found in few rounds, among many streams."""

from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import connections

from eventstore import commands, store
from eventstore.commands import Context, Loaded
from eventstore.store import StreamAppend
from orders.streams import ORDER
from projections import checkpoints, control
from projections.models import Checkpoint, DeadLetter
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts
from tests.integration.projections.accounts import NAME
from tests.loyalty import domain, models, streams
from tests.unit.orders.builders import place

pytestmark = pytest.mark.usefixtures("database")

CONTEXT = Context(actor="tests")


@pytest.fixture(autouse=True)
def one_batch(settings):
    settings.CQRS = accounts.configured(batch_size=10_000)


@pytest.fixture
def fewer_than_100(database):
    """The table takes no row of 100 points or more."""
    with _constraint("CHECK (points < 100)"):
        yield


@contextmanager
def _constraint(condition: str):
    with sessions.opened(cleaning.read_tables()) as open_session:
        owner = open_session(autocommit=True)
        owner.execute(
            f"ALTER TABLE loyalty_balance ADD CONSTRAINT tests_refuse {condition}"
        )
        try:
            yield
        finally:
            owner.execute("ALTER TABLE loyalty_balance DROP CONSTRAINT tests_refuse")


def earned(points: dict[str, list[int]]) -> None:
    """Appends accounts, by id, that earn their points one after the other."""
    appends = []
    for id, each in points.items():
        decided = [
            domain.AccountOpened(owner="ada"),
            *(domain.PointsEarned(points=number) for number in each),
        ]
        events = commands.prepare(
            streams.ACCOUNT,
            id,
            Loaded(state=None),
            decided,
            at=accounts.AT,
            context=CONTEXT,
        )
        appends.append(StreamAppend(f"account-{id}", 0, events))
    store.append_many(appends)


def followed() -> list[str]:
    """The statements of one round of this projection alone."""
    checkpoints.runnable()  # makes the first checkpoints
    others = Checkpoint.objects.exclude(projection=NAME)
    others.update(state=Checkpoint.State.PAUSED)
    statements: list[str] = []
    with connections["read"].execute_wrapper(
        lambda execute, sql, *rest: (statements.append(sql), execute(sql, *rest))[1]
    ):
        accounts.follow()
    return statements


def held() -> dict[str, int]:
    return dict(DeadLetter.objects.values_list("stream", "version"))


def total() -> int:
    return sum(models.Balance.objects.values_list("points", flat=True))


@pytest.mark.parametrize("bad", [0, 637, 999])
def test_it_finds_one_bad_row_among_a_thousand_streams(fewer_than_100, bad):
    points = {str(n): [1, 2] for n in range(1000)}
    points[str(bad)] = [1, 100, 2]
    earned(points)
    followed()
    assert held() == {f"account-{bad}": 3}
    assert total() == 999 * 3 + 1


@pytest.mark.usefixtures("fewer_than_100")
def test_it_needs_one_more_round_for_twice_as_many_streams():
    counts = []
    for number, streams_at_once in enumerate((500, 1000)):
        ids = [f"{number}-{n}" for n in range(streams_at_once)]
        earned({id: [1] for id in ids[1:]} | {ids[0]: [100]})
        counts.append(len(followed()))
    assert DeadLetter.objects.count() == 2
    fewer, more = counts
    # A round: both halves loaded, written, between savepoints; one rolled back.
    assert fewer < more <= fewer + 12
    assert more < 130


@pytest.mark.usefixtures("fewer_than_100")
def test_it_needs_one_more_round_for_a_stream_that_is_twice_as_long():
    counts = []
    for id, events in (("1", 250), ("2", 500)):
        earned({id: [0] * events + [100] + [0] * (events - 1)})
        counts.append(len(followed()))
    assert held() == {"account-1": 252, "account-2": 502}
    fewer, more = counts
    assert more <= fewer + 12


@pytest.mark.usefixtures("fewer_than_100")
def test_it_finds_several_bad_rows_and_failing_events_in_one_batch(monkeypatch):
    fold = type(accounts.projection()).fold

    def failing(self, rows, event):
        fold(self, rows, event)
        if getattr(event.data, "points", None) == 13:
            raise ValueError("thirteen")

    monkeypatch.setattr(type(accounts.projection()), "fold", failing)
    points = {str(n): [1, 2] for n in range(200)}
    points |= {"5": [100], "6": [1, 13, 2], "77": [2, 100, 13], "199": [13, 100]}
    earned(points)
    followed()
    assert held() == {
        "account-5": 2,
        "account-6": 3,
        "account-77": 3,
        "account-199": 2,
    }
    assert total() == 196 * 3 + 0 + 1 + 2 + 0


@pytest.mark.usefixtures("fewer_than_100")
def test_it_stores_what_came_before_the_event_and_the_rest_once_it_is_mended():
    earned({"1": [60, 30, 20, 5], "2": [99]})
    followed()
    assert held() == {"account-1": 4}
    assert (accounts.points("1"), accounts.points("2")) == (90, 99)
    (letter,) = DeadLetter.objects.all()
    assert letter.error.startswith("IntegrityError")


def test_it_holds_one_stream_for_a_row_that_cannot_be_encoded():
    """No refusal of the database: the row does not even get there."""
    with pytest.MonkeyPatch.context() as patched:
        fold = type(accounts.projection()).fold

        def strange(self, rows, event):
            fold(self, rows, event)
            if getattr(event.data, "points", None) == 13:
                (row,) = (each for each in _rows(rows) if each.points >= 13)
                row.owner = object()

        patched.setattr(type(accounts.projection()), "fold", strange)
        earned({"1": [1], "2": [1, 13], "3": [1]})
        followed()
    assert held() == {"account-2": 3}
    assert total() == 3
    (letter,) = DeadLetter.objects.all()
    assert control.retry(letter.pk, actor=accounts.ADA, reason="mended")
    assert total() == 16


def _rows(rows) -> list:
    (table,) = accounts.projection().tables
    return rows.changed(table)


def test_it_holds_one_stream_whose_name_gives_no_key():
    """Whoever appended it, the orders of the others are read on."""
    good = UUID(int=1)
    commands.handle(ORDER, good, place(), at=accounts.AT, context=CONTEXT)
    events = commands.prepare(
        ORDER,
        "no-uuid",
        Loaded(state=None),
        ORDER.decide(None, place(), at=accounts.AT),
        at=accounts.AT,
        context=CONTEXT,
    )
    store.append("order-no-uuid", events, expected_version=0)
    accounts.follow()
    found = DeadLetter.objects.values_list("projection", "stream")
    assert set(found) >= {
        ("order_detail", "order-no-uuid"),
        ("order_summary", "order-no-uuid"),
    }
    for name in ("order_detail", "order_summary"):
        assert checkpoints.live(name)[0].position == store.head()


def test_it_needs_no_round_where_all_rows_can_be_stored():
    earned({str(n): [1] for n in range(50)})
    assert not [sql for sql in followed() if sql.startswith("SAVEPOINT")]
    assert total() == 50
    assert checkpoints.live(NAME)[0].failures == 0
