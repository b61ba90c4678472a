"""The samples are history: add files for new types and schema versions, change none.

A file is named after the type's stored name and the schema version it was stored in.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from eventstore.events import encode
from orders.domain import events
from orders.streams import ORDER

SAMPLES = sorted((Path(__file__).parent / "stored_events").glob("*.json"))
# OrderPlaced.v1.minimal.json is ("OrderPlaced", 1).
FORMS = [each.name.split(".")[:2] for each in SAMPLES]
STORED = [(type, int(version.removeprefix("v"))) for type, version in FORMS]


def test_it_registers_every_event() -> None:
    assert {each.struct for each in ORDER.events} == set(get_args(events.OrderEvent))


def test_it_keeps_a_sample_of_every_event_type_and_schema_version() -> None:
    assert set(STORED) == {
        (each.name, version)
        for each in ORDER.events
        for version in range(1, each.schema_version + 1)
    }


@pytest.mark.parametrize(
    ("sample", "form"),
    list(zip(SAMPLES, STORED, strict=True)),
    ids=[each.name for each in SAMPLES],
)
def test_it_still_reads_what_was_stored(sample: Path, form: tuple[str, int]) -> None:
    again = json.loads(encode(ORDER.decode(*form, sample.read_bytes())))
    newest = ORDER.upcast(*form, json.loads(sample.read_bytes()))
    assert list(again.items()) == list(newest.items())


def test_it_takes_nothing_from_an_order_placed_in_no_channel() -> None:
    (sample,) = [each for each in SAMPLES if each.name == "OrderPlaced.v1.json"]
    stored = json.loads(sample.read_bytes())
    upcast = ORDER.upcast("OrderPlaced", 1, json.loads(sample.read_bytes()))
    assert upcast == {**stored, "channel": {"kind": "unknown"}}


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
