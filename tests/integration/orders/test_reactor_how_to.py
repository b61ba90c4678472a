"""docs/how-to/add-a-reactor.md: its reactor works, its commands run."""

import types
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from eventstore import commands
from eventstore.commands import Context
from orders.domain.commands import CancelOrder, ConfirmOrder
from orders.streams import ORDER
from projections import registry
from projections.models import Checkpoint, Timer
from projections.reacting import following, starting
from tests import pages
from tests.unit.orders.builders import capture, place

PAGE = "how-to/add-a-reactor.md"


@pytest.fixture
def installed(database, monkeypatch):
    """The page's module, as if it stood where the page says."""
    (code,) = pages.blocks(PAGE, "python")
    module = types.ModuleType("orders.reactors.note_late_payment")
    exec(compile(code, PAGE, "exec"), module.__dict__)
    reactor = module.NoteLatePayment()
    with monkeypatch.context() as patched:
        patched.setattr(registry, "reactors", lambda: {reactor.name: reactor})
        react()
        yield reactor


def react() -> None:
    while following.run_round(worker="tests").advanced:
        pass


def confirmed(*then, days: int) -> uuid.UUID:
    """An order that was confirmed so many days ago."""
    id, at = uuid.uuid4(), timezone.now() - timedelta(days=days)
    for each in (place(), ConfirmOrder(), *then):
        commands.handle(ORDER, id, each, at=at, context=Context(actor="tests"))
    return id


def notes(id: uuid.UUID) -> list[str]:
    return [each.text for each in commands.load(ORDER, id).state.notes]


def test_it_notes_what_was_not_paid_in_time(installed):
    late = confirmed(days=3)
    others = [
        confirmed(days=2),
        confirmed(capture("50.00"), days=3),
        confirmed(CancelOrder(reason="changed my mind"), days=3),
    ]
    react()
    assert notes(late) == ["Not paid within three days."]
    assert [notes(id) for id in others] == [[], [], []]
    assert Timer.objects.count() == 1


def test_it_shows_commands_that_work(process_environment, tmp_path):
    starting.begin()
    said = pages.run(PAGE, process_environment, tmp_path)
    assert "refund_cancelled_orders is paused" in said
    found = Checkpoint.objects.get(projection="refund_cancelled_orders")
    assert found.state == Checkpoint.State.RUNNING
