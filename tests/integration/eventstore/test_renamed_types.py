"""An event type that was renamed: the log is asked for one name and finds both."""

import dataclasses
from uuid import uuid4

import pytest

from eventstore import store, streams
from eventstore.streams import StreamType
from orders.streams import ORDER
from projections.subscriber import Subscriber
from tests.integration.eventstore import sessions

INSERT = """
INSERT INTO eventstore_event
    (event_id, stream, version, type, schema_version, occurred_at, data, metadata)
VALUES (gen_random_uuid(), %s, %s, %s, 1, now(), '{"text": "a"}', '{}')
"""


@pytest.fixture
def renamed(database: None, monkeypatch: pytest.MonkeyPatch) -> StreamType:
    """Orders whose notes are written as NoteWritten from now on."""
    monkeypatch.setattr(streams, "_registered", {})
    monkeypatch.setattr(streams, "_renamed", {})
    types = [
        dataclasses.replace(each, name="NoteWritten", former_names=["NoteAdded"])
        if each.name == "NoteAdded"
        else each
        for each in ORDER.events
    ]
    return streams.register(dataclasses.replace(ORDER, events=types))


@pytest.fixture
def stream(renamed: StreamType) -> str:
    """With two notes, before and after."""
    name = f"order-{uuid4()}"
    with sessions.opened() as open_session:
        session = open_session(autocommit=True)
        for version, type in enumerate(("NoteAdded", "OrderConfirmed", "NoteWritten")):
            session.execute(INSERT, [name, version + 1, type])
    return name


def test_it_is_found_under_its_name_of_today(stream: str) -> None:
    for of_stream in (None, stream):
        found = store.read_settled(
            after=0, limit=9, types=["NoteWritten"], stream=of_stream
        )
        assert [each.type for each in found] == ["NoteWritten", "NoteWritten"]
        assert [each.stored_type for each in found] == ["NoteAdded", "NoteWritten"]


def test_it_is_read_by_those_who_read_its_struct(
    renamed: StreamType, stream: str
) -> None:
    note = renamed.newest("NoteWritten").struct

    class Notes(Subscriber):
        stream_type = renamed
        reads = (note,)

    found = [each for each in store.read_stream(stream) if Notes().takes(each)]
    assert [each.data for each in found] == [note(text="a"), note(text="a")]
