"""docs/how-to/change-an-event.md: its event types read old events, its commands run."""

import dataclasses
import json
import types
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from eventstore import compatibility, schemas
from eventstore.streams import EventType, StreamType
from eventstore.upcasting import Upcaster
from orders.domain.events import Event
from orders.streams import ORDER
from tests import pages
from tests.integration.projections.sales import ask
from tests.unit.orders import builders
from tests.unit.orders.test_order_stored_events import SAMPLES

PAGE = "how-to/change-an-event.md"
ELSEWISE = '{"amount": "12.50", "method": "card", "reason": "lost"}'


@pytest.fixture
def page() -> Any:
    """The page's code, as if its parts stood where the page says."""
    module = types.ModuleType("page")
    module.__dict__.update(
        Any=Any, Decimal=Decimal, Event=Event, EventType=EventType, Upcaster=Upcaster
    )
    for block in pages.blocks(PAGE, "python"):
        exec(compile(block, PAGE, "exec"), module.__dict__)
    return module


def with_type(changed: EventType) -> StreamType:
    """Orders with the changed type in the place of theirs."""
    others = [each for each in ORDER.events if each.name != "PaymentFailed"]
    return dataclasses.replace(ORDER, events=[*others, changed])


@pytest.mark.parametrize("name", ["PAYMENT_FAILED", "PAYMENT_DECLINED"])
def test_it_reads_what_was_stored(page: Any, name: str) -> None:
    order = with_type(getattr(page, name))
    (sample,) = [each for each in SAMPLES if each.name == "PaymentFailed.v1.json"]
    read = order.decode("PaymentFailed", 1, sample.read_text("utf-8"))
    assert read.failure == page.Failure(code="declined", text="declined")
    read = order.decode("PaymentFailed", 1, ELSEWISE)
    assert read.failure == page.Failure(code="unknown", text="lost")


def test_it_says_what_a_missing_upcaster_does(page: Any) -> None:
    text = " ".join((pages.DOCS / PAGE).read_text("utf-8").split())
    with pytest.raises(ValueError, match="no upcaster") as refused:
        with_type(dataclasses.replace(page.PAYMENT_FAILED, upcasters=[]))
    assert f"`{refused.value}`" in text


@pytest.mark.parametrize("name", ["PAYMENT_FAILED", "PAYMENT_DECLINED"])
def test_it_breaks_no_reader(page: Any, name: str) -> None:
    order = with_type(getattr(page, name))
    kept = schemas.document([ORDER])
    changes = compatibility.compare(
        kept, schemas.document([order]), stream_types=[order]
    )
    assert [each.breaking for each in changes] == [False]


def test_it_shows_commands_that_work(
    process_environment: dict[str, str], tmp_path: Path
) -> None:
    ask(UUID(int=1), builders.place())
    shown = pages.run(PAGE, process_environment, tmp_path).splitlines()
    assert [json.loads(line)["type"] for line in shown] == ["OrderPlaced"] * 2
