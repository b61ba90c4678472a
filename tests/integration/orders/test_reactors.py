"""The shop's own reactors: unpaid orders expire, money on closed orders goes back."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

import eventstore.commands
from cqrs_site import configuration
from eventstore import commands, store
from eventstore.commands import Context
from orders.domain.axes import PaymentStatus, Status
from orders.domain.commands import CancelOrder, ConfirmOrder, ExpireOrder
from orders.domain.order import Order
from orders.imports import storing
from orders.imports.history import History
from orders.streams import ORDER
from projections import checkpoints, dead_letters, registry
from projections.models import Timer
from projections.reacting import following, turn
from tests.unit.orders.builders import capture, place, refund

EXPIRE, REFUND = "expire_unpaid_orders", "refund_cancelled_orders"
CANCEL = CancelOrder(reason="changed my mind")


@pytest.fixture(autouse=True)
def started(database: None) -> None:
    react()


def react() -> None:
    while following.run_round(worker="tests").advanced:
        pass
    assert [dead_letters.count(name) for name in (EXPIRE, REFUND)] == [0, 0]


def placed(*then, ago: timedelta = timedelta(0)) -> uuid.UUID:
    """An order of ten units at 5.00, placed so long ago."""
    id = uuid.uuid4()
    give(id, place(), at=timezone.now() - ago)
    give(id, *then)
    return id


def give(id: uuid.UUID, *asked, at=None) -> None:
    for each in asked:
        context = Context(actor="tests")
        commands.handle(ORDER, id, each, at=at or timezone.now(), context=context)


def order(id: uuid.UUID) -> Order:
    return commands.load(ORDER, id).state


def expired(id: uuid.UUID) -> bool:
    return order(id).status is Status.EXPIRED


def configure(settings, **environ: str) -> None:
    named = {f"CQRS__REACTORS__{name}": value for name, value in environ.items()}
    path = str(settings.BASE_DIR / "cqrs.yaml")
    settings.CQRS = configuration.load(path, environ=named)


def test_it_expires_an_order_that_is_unpaid_for_too_long():
    late = placed(ago=timedelta(hours=48))
    in_time = placed(ago=timedelta(hours=47))
    react()
    assert (expired(late), expired(in_time)) == (True, False)
    (timer,) = Timer.objects.all()
    assert timer.due_at == order(in_time).placed_at + timedelta(hours=48)
    last = store.read_stream(f"order-{late}")[-1]
    assert last.metadata["actor"] == f"reactor:{EXPIRE}"


def test_it_waits_as_long_as_is_configured(settings):
    configure(settings, EXPIRE_UNPAID_ORDERS__AFTER_HOURS="0.5")
    ids = [placed(ago=timedelta(minutes=minutes)) for minutes in (29, 31)]
    react()
    assert [expired(id) for id in ids] == [False, True]


@pytest.mark.parametrize(
    "command", [ConfirmOrder(), CANCEL, ExpireOrder(), capture("0.01")], ids=repr
)
def test_it_waits_no_longer_for_an_order_that_moved_on(command):
    id = placed()
    react()
    assert Timer.objects.count() == 1
    give(id, command)
    version = order(id).version
    react()
    assert Timer.objects.count() == 0
    assert order(id).version == version


def test_it_lets_the_orders_own_rules_decide_when_the_timer_is_due():
    """It is confirmed when the reactor has looked already and not read that yet."""
    id = placed()
    react()
    give(id, ConfirmOrder())
    (checkpoint,) = checkpoints.live(EXPIRE)
    assert turn.fire(registry.reactor(EXPIRE), checkpoint, Timer.objects.get())
    assert order(id).status is Status.CONFIRMED
    react()


def test_it_refunds_a_cancelled_order_in_full():
    id = placed(ConfirmOrder(), capture("30.00"), refund("10.00"), CANCEL)
    react()
    assert order(id).refunded == order(id).captured == Decimal("30.00")
    assert order(id).payment_status is PaymentStatus.REFUNDED
    last = store.read_stream(f"order-{id}")[-1]
    assert (last.data.amount, last.data.reason) == (Decimal("20"), "order cancelled")
    assert last.metadata["actor"] == f"reactor:{REFUND}"


@pytest.mark.parametrize(
    ("close", "reason"),
    [(CANCEL, "order cancelled"), (ExpireOrder(), "order expired")],
    ids=repr,
)
def test_it_refunds_money_that_arrives_after_the_end(close, reason):
    id = placed(close)
    react()
    for amount in ("30.00", "5.00"):
        give(id, capture(amount, reference=amount))
        react()
        assert order(id).refunded == order(id).captured
    given = [each.data.reason for each in store.read_stream(f"order-{id}")[-1:]]
    assert given == [reason]


def test_it_leaves_the_money_of_orders_that_go_on():
    id = placed(ConfirmOrder(), capture("50.00"))
    react()
    assert order(id).refunded == 0


def test_it_refunds_what_somebody_else_leaves_over(monkeypatch):
    """A clerk refunds 20.00 between the reactor's look and its command."""
    id = placed(capture("50.00"))
    react()
    give(id, CANCEL)
    load = eventstore.commands.load
    clerk = [refund("20.00")]

    def looking(stream_type, stream_id):
        found = load(stream_type, stream_id)
        while clerk:
            with monkeypatch.context() as unpatched:
                unpatched.setattr(eventstore.commands, "load", load)
                give(id, clerk.pop())
        return found

    monkeypatch.setattr(eventstore.commands, "load", looking)
    react()
    assert [each.amount for each in order(id).refunds] == [Decimal("20"), Decimal("30")]


def test_it_takes_what_is_imported_for_history():
    long_ago = timezone.now() - timedelta(days=4000)
    decided = ORDER.decide(None, place(), at=long_ago)
    state = ORDER.fold(None, [(decided[0], long_ago)])
    cancelled = [
        *ORDER.decide(state, capture("5.00"), at=long_ago),
        *ORDER.decide(state, CANCEL, at=long_ago),
    ]
    imported = storing.Storing(source="tests")
    ids = [uuid.uuid4(), uuid.uuid4()]
    for id, events in zip(ids, (decided, [*decided, *cancelled]), strict=True):
        history = History(
            order_id=id, command_id=str(id), at=long_ago, events=tuple(events)
        )
        imported.store([history])
    react()
    assert [order(id).status for id in ids] == [Status.PENDING, Status.CANCELLED]
    assert order(ids[1]).refunded == 0
    give(ids[1], capture("1.00", reference="now"))
    react()
    assert order(ids[1]).refunded == Decimal("6.00")


def test_it_does_nothing_while_it_is_switched_off(settings):
    configure(settings, REFUND_CANCELLED_ORDERS__ENABLED="false")
    id = placed(capture("50.00"), CANCEL)
    react()
    assert order(id).refunded == 0
    configure(settings)
    react()
    assert order(id).refunded == Decimal("50.00")
