"""What the reactor of the tests' second domain did to accounts; as a worker runs it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from django.db import connections
from django.utils import timezone

from eventstore import store
from eventstore.events import RecordedEvent
from projections import checkpoints, registry
from projections.models import Checkpoint, Timer
from projections.reacting import following
from projections.reactor import Effect
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.loyalty.reactors import bonus
from tests.loyalty.reactors.bonus import LoyaltyBonus

NAME = LoyaltyBonus.name


def reactor() -> LoyaltyBonus:
    found = registry.reactor(NAME)
    assert isinstance(found, LoyaltyBonus)
    return found


def react() -> Checkpoint:
    """Rounds of every reactor until nothing moves; this one's checkpoint then."""
    while following.run_round(worker="tests").advanced:
        pass
    return checkpoint()


def checkpoint() -> Checkpoint:
    (found,) = checkpoints.live(NAME)
    return found


def given(id: str = "1") -> list[RecordedEvent]:
    """Events of an account by the reactor's commands."""
    events = store.read_stream(f"account-{id}")
    return [each for each in events if each.metadata["actor"] == f"reactor:{NAME}"]


def bonuses(id: str = "1") -> int:
    assert {each.data.points for each in given(id)} <= {bonus.BONUS}
    return len(given(id))


def due(**changes: object) -> None:
    """As if the time of every timer had come."""
    Timer.objects.update(next_attempt_at=timezone.now(), **changes)


@contextmanager
def instead(
    monkeypatch, method: str, answer: Callable[..., Iterable[Effect]]
) -> Iterator[None]:
    """answer(original, self, event or timer) in the place of a method."""
    original = getattr(LoyaltyBonus, method)
    with monkeypatch.context() as patched:
        patched.setattr(
            LoyaltyBonus, method, lambda self, what: answer(original, self, what)
        )
        yield


def kill_session(alias: str = "read") -> None:
    """The end of a worker's connection, and of its lease, in the middle of its work."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    server = cleaning.read_tables() if alias == "read" else cleaning.on_test_database()
    with sessions.opened(server) as open_session:
        killer = open_session(autocommit=True)
        assert killer.value("SELECT pg_terminate_backend(%s, 5000)", [pid])
