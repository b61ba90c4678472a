"""The samples are history: add files for new types and schema versions, change none."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from orders.domain import events

SAMPLES = sorted((Path(__file__).parent / "stored_events").glob("*.json"))
TYPES: dict[str, type[Any]] = {
    event.__name__: event for event in get_args(events.OrderEvent)
}


def type_of(sample: Path) -> type[Any]:
    return TYPES[sample.name.partition(".")[0]]


def test_it_keeps_a_sample_of_every_event_type() -> None:
    assert {f"{name}.v1.json" for name in TYPES} <= {each.name for each in SAMPLES}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_it_still_reads_what_was_stored(sample: Path) -> None:
    event = msgspec.json.decode(sample.read_bytes(), type=type_of(sample))
    again = msgspec.json.encode(event)
    assert list(json.loads(again).items()) == list(
        json.loads(sample.read_bytes()).items()
    )


@pytest.mark.parametrize(
    ("event", "field", "values"),
    [
        (events.PaymentCaptured, "amount", ["-1", "0.00001", "1E14", "NaN", "sNaN"]),
        (events.PaymentFailed, "amount", ["-1", "0.00001"]),
        (events.PaymentRefunded, "amount", ["-1", "Infinity"]),
        (events.LineAdded, "unit_price", ["-0.01", "0.00001", "NaN"]),
        (events.LineAdded, "quantity", [0, -1, 1_000_001, 1.5, "2", True]),
        (events.LineQuantityChanged, "quantity", [0, 1_000_001]),
        (events.NoteAdded, "author", ["unknown field"]),
    ],
)
def test_it_reads_nothing_that_no_event_can_carry(
    event: type[Any], field: str, values: list[object]
) -> None:
    [sample] = [each for each in SAMPLES if each.name == f"{event.__name__}.v1.json"]
    stored = json.loads(sample.read_bytes())
    for value in values:
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(json.dumps({**stored, field: value}), type=event)


def test_it_reads_the_lines_of_a_shipment_strictly() -> None:
    data = (
        '{"shipment_id": 1, "carrier": "c", "tracking_number": "t",'
        ' "lines": [{"line_id": 1, "quantity": 0}]}'
    )
    with pytest.raises(msgspec.ValidationError, match="quantity"):
        msgspec.json.decode(data, type=events.ShipmentSent)


def test_it_stores_amounts_as_text() -> None:
    event = events.PaymentRefunded(amount=Decimal("12.50"), reason="damaged")
    assert msgspec.json.encode(event) == b'{"amount":"12.50","reason":"damaged"}'
