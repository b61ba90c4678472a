"""Stored forms that are no longer written: chained, renamed, checked when declared."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from msgspec import Struct

from eventstore import errors, streams
from eventstore.events import RecordedEvent
from eventstore.streams import EventType, StreamType
from eventstore.upcasting import Upcaster

AT = datetime(2026, 1, 2, tzinfo=UTC)


class Paid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    payer: str
    cents: int
    currency: str


def _in_cents(data: dict[str, Any]) -> dict[str, Any]:
    return {"payer": data["name"], "cents": data["euros"] * 100}


def _in_a_currency(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "currency": "EUR"}


FROM_1 = Upcaster(schema_version=1, upcast=_in_cents, personal=("name",))
FROM_2 = Upcaster(schema_version=2, upcast=_in_a_currency)


def paid(*upcasters: Upcaster, **changes: Any) -> EventType:
    values: dict[str, Any] = {
        "name": "Paid",
        "schema_version": 3,
        "personal": ("payer",),
        "former_names": ("Settled",),
    }
    return EventType(struct=Paid, upcasters=upcasters, **{**values, **changes})


def stream_type(*events: EventType, name: str = "bill") -> StreamType:
    return StreamType(
        name=name,
        events=events,
        decide=lambda *_, **__: [],
        evolve=lambda *_, **__: None,
        rejection=ValueError,
    )


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Registers stream types for one test."""
    monkeypatch.setattr(streams, "_registered", dict(streams._registered))
    monkeypatch.setattr(streams, "_renamed", {})
    return streams.register


@pytest.fixture
def bill(register: Any) -> StreamType:
    made: StreamType = register(stream_type(paid(FROM_1, FROM_2)))
    return made


def recorded(
    data: str, *, type: str = "Paid", schema_version: int = 1, stream: str = "bill-1"
) -> RecordedEvent:
    return RecordedEvent(
        position=1,
        event_id=UUID(int=1),
        stream=stream,
        version=1,
        type=type,
        schema_version=schema_version,
        recorded_at=AT,
        occurred_at=AT,
        data=data,
        metadata="{}",
    )


FIRST = '{"name": "Ada", "euros": 3}'


@pytest.mark.parametrize(
    ("type", "schema_version", "data"),
    [
        ("Paid", 1, FIRST),
        ("Paid", 2, '{"payer": "Ada", "cents": 300}'),
        ("Paid", 3, '{"payer": "Ada", "cents": 300, "currency": "EUR"}'),
        ("Settled", 1, FIRST),
        ("Settled", 3, '{"payer": "Ada", "cents": 300, "currency": "EUR"}'),
    ],
)
def test_it_reads_every_form_as_the_newest(
    bill: StreamType, type: str, schema_version: int, data: str
) -> None:
    event = recorded(data, type=type, schema_version=schema_version)
    assert event.data == Paid(payer="Ada", cents=300, currency="EUR")
    assert (event.type, event.stored_type) == ("Paid", type)
    shown = event.envelope()
    assert (shown["type"], shown["schema_version"]) == ("Paid", 3)
    assert shown["data"] == {"payer": "Ada", "cents": 300, "currency": "EUR"}


def test_it_shows_an_event_as_stored(bill: StreamType) -> None:
    shown = recorded(FIRST, type="Settled").envelope(stored=True)
    assert (shown["type"], shown["schema_version"]) == ("Settled", 1)
    assert shown["data"] == {"name": "Ada", "euros": 3}


def test_it_masks_personal_fields_in_both_forms(bill: StreamType) -> None:
    event = recorded(FIRST)
    newest = event.envelope(masked=True)
    assert newest["data"] == {"payer": "***", "cents": 300, "currency": "EUR"}
    stored = event.envelope(masked=True, stored=True)
    assert stored["data"] == {"name": "***", "euros": 3}


@pytest.mark.parametrize(
    "unknown",
    [
        {"type": "Refunded"},
        {"schema_version": 4},
        {"stream": "receipt-1"},
    ],
)
def test_it_shows_what_newer_code_wrote_as_stored_but_nothing_personal(
    bill: StreamType, unknown: dict[str, Any]
) -> None:
    event = recorded(FIRST, **unknown)
    assert event.envelope()["data"] == {"name": "Ada", "euros": 3}
    assert event.envelope(masked=True)["data"] == {"name": "***", "euros": "***"}


def test_it_refuses_to_decode_what_newer_code_wrote(bill: StreamType) -> None:
    with pytest.raises(errors.UnknownEventType, match="at schema version 4"):
        assert recorded(FIRST, schema_version=4).data


def test_it_refuses_what_upcasts_to_no_event(bill: StreamType) -> None:
    with pytest.raises(errors.InvalidEvent, match=r"Paid: Expected `int`.*cents"):
        assert recorded('{"name": "Ada", "euros": "3"}').data


def test_it_finds_events_under_all_names(bill: StreamType) -> None:
    assert streams.stored_names(["Paid"]) == ["Paid", "Settled"]
    assert streams.stored_names(["OrderPlaced"]) == ["OrderPlaced"]


@pytest.mark.parametrize(
    ("upcasters", "message"),
    [
        ((), "bill: Paid is at schema version 3, but no upcaster leads from 1 to 2"),
        ((FROM_1,), "bill: Paid .* but no upcaster leads from 2 to 3"),
        ((FROM_2,), "bill: Paid .* but no upcaster leads from 1 to 2"),
        (
            (FROM_1, FROM_2, FROM_2),
            "bill: Paid has two upcasters from schema version 2",
        ),
        (
            (FROM_1, FROM_2, Upcaster(schema_version=3, upcast=dict)),
            "from schema version 3, which is not below the newest, 3",
        ),
        ((Upcaster(schema_version=0, upcast=dict),), "from schema version 0"),
    ],
)
def test_it_refuses_a_chain_that_does_not_fit(
    upcasters: tuple[Upcaster, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        stream_type(paid(*upcasters))


class Refunded(Struct, frozen=True):
    pass


def test_it_refuses_a_former_name_that_is_in_use(register: Any) -> None:
    other = EventType(struct=Refunded, name="Settled")
    with pytest.raises(ValueError, match="two event types are named 'Settled'"):
        stream_type(paid(FROM_1, FROM_2), other)
    register(stream_type(other, name="receipt"))
    with pytest.raises(ValueError, match=r"Settled: .*'bill' and 'receipt'"):
        register(stream_type(paid(FROM_1, FROM_2)))
