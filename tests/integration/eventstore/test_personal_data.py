"""Personal data in the log: encrypted where it is stored, gone with its key."""

import base64
import secrets
from uuid import uuid4

import pytest
from django.db import connection, transaction

from eventstore import bulk, commands, errors, events, master_keys, store, time_travel
from eventstore.commands import Context
from eventstore.models import PersonKey, Snapshot
from eventstore.personal_texts import FORGOTTEN
from eventstore.store import StreamAppend
from orders.domain.commands import AddNote
from orders.streams import ORDER
from tests.integration.eventstore import sessions
from tests.integration.eventstore.notes import AT
from tests.unit.orders.builders import ADDRESS, place

pytestmark = pytest.mark.usefixtures("database")

TEXTS = "SELECT string_agg(data::text || metadata::text, ' ') FROM eventstore_event"
NOTE = "She is out until noon"


def handle(id, command):
    return commands.handle(ORDER, id, command, at=AT, context=Context(actor="tests"))


def order(*notes: str, customer_id: str = "customer-1"):
    id = uuid4()
    handle(id, place(customer_id=customer_id, note=NOTE, external_reference="R-77"))
    for note in notes:
        handle(id, AddNote(text=note))
    return id


def forget(customer_id: str = "customer-1") -> None:
    found = PersonKey.objects.filter(subject=f"customer-{customer_id}")
    assert found.delete()[0] == 1


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute(TEXTS)
        return cursor.fetchone()[0]


def use_master(settings, *previous: str) -> None:
    settings.DATA_KEY_PREVIOUS = list(previous)
    settings.DATA_KEY = base64.b64encode(secrets.token_bytes(32)).decode()


def test_it_stores_nothing_personal_as_it_is():
    order("ring twice")
    for text in (NOTE, "R-77", "ring", ADDRESS.name, ADDRESS.line1, ADDRESS.city):
        assert text not in stored()
    assert "customer-1" in stored()
    assert ADDRESS.country in stored()


def test_it_reads_what_it_stored():
    id = order("ring twice")
    placed, noted = store.read_stream(f"order-{id}")
    assert placed.data.shipping_address == ADDRESS
    assert (placed.data.note, placed.data.external_reference) == (NOTE, "R-77")
    assert noted.envelope()["data"] == {"text": "ring twice"}
    assert set(placed.metadata) == {"command_id", "correlation_id", "actor"} | {
        "customer_id"
    }


def test_it_shows_a_forgotten_person_nowhere():
    id = order("ring twice")
    forget()
    placed, noted = store.read_stream(f"order-{id}")
    address = placed.data.shipping_address
    assert {address.name, address.line1, address.city} == {FORGOTTEN}
    assert address.country == ADDRESS.country
    assert address.line2 is None
    assert (placed.data.note, noted.data.text) == (FORGOTTEN, FORGOTTEN)
    for masked in (False, True):
        assert noted.envelope(masked=masked)["data"] == {"text": FORGOTTEN}
    state = time_travel.state_at(f"order-{id}", version=2)
    assert [each.text for each in state.notes] == [FORGOTTEN, FORGOTTEN]
    assert state.total == commands.load(ORDER, id).state.total > 0


def test_it_leaves_others_alone():
    other = order("ring twice", customer_id="customer-2")
    order()
    forget()
    assert commands.load(ORDER, other).state.shipping_address == ADDRESS


def test_it_gives_each_order_of_nobody_a_key_of_its_own():
    first, second = order(customer_id="anonymous"), order(customer_id="anonymous")
    subjects = set(PersonKey.objects.values_list("subject", flat=True))
    assert subjects == {f"order-{first}", f"order-{second}"}


def test_it_never_uses_a_key_again():
    id = order()
    before = PersonKey.objects.get()
    forget()
    handle(id, AddNote(text="ring twice"))
    after = PersonKey.objects.get()
    assert (after.subject, after.key_id != before.key_id) == (before.subject, True)
    state = commands.load(ORDER, id).state
    assert [each.text for each in state.notes] == [FORGOTTEN, "ring twice"]


def test_it_reads_events_from_before_it_encrypted():
    id = uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventstore_event (stream, version, event_id, type, "
            "schema_version, occurred_at, data, metadata) "
            "VALUES (%s, 1, gen_random_uuid(), 'NoteAdded', 1, now(), "
            """'{"text": "plain"}', '{}')""",
            [f"order-{id}"],
        )
    (event,) = store.read_stream(f"order-{id}")
    assert event.data.text == "plain"
    assert event.envelope(masked=True)["data"] == {"text": events.MASK}


def test_it_asks_for_the_keys_of_many_in_one_statement(django_assert_num_queries):
    def appends():
        names = [f"customer-{number}" for number in range(20)]
        return [StreamAppend(f"order-{uuid4()}", 0, [note(name)] * 1) for name in names]

    def note(customer_id: str):
        (data,) = ORDER.decide(
            commands.load(ORDER, seen).state, AddNote(text="hi"), at=AT
        )
        return events.new(data, occurred_at=AT, metadata={"customer_id": customer_id})

    seen = order()
    batch = appends()
    with django_assert_num_queries(4):  # the keys there are, those made, the events
        store.append_many(batch)
    batch = appends()
    with django_assert_num_queries(2):
        assert len(store.append_many(batch)) == 20


def test_it_lets_a_person_be_forgotten_only_between_appends():
    """An append that is open holds the key; what follows the deletion gets another."""
    order()
    with sessions.opened() as open_session, transaction.atomic():
        order("first")
        deleting = open_session()
        deleting.execute("SET lock_timeout = '300ms'")
        with pytest.raises(Exception, match="lock timeout"):
            deleting.execute("DELETE FROM eventstore_key")
    forget()


def test_it_stores_nothing_under_a_key_that_is_gone(monkeypatch):
    """Deleted between the look at the key and the append: the command decides anew."""
    id = order()
    insert = store._columns

    def and_meanwhile_forgotten(*arguments):
        monkeypatch.setattr(store, "_columns", insert)
        with sessions.opened() as open_session:
            session = open_session()
            session.execute("DELETE FROM eventstore_key")
            session.commit()
        return insert(*arguments)

    monkeypatch.setattr(store, "_columns", and_meanwhile_forgotten)
    handle(id, AddNote(text="ring twice"))
    notes = [each.text for each in commands.load(ORDER, id).state.notes]
    assert notes == [FORGOTTEN, "ring twice"]


def test_it_keeps_snapshots_unreadable_without_the_key(settings, caplog):
    snapshot = settings.CQRS.command_side.snapshot.model_copy(update={"frequency": 2})
    command_side = settings.CQRS.command_side.model_copy(update={"snapshot": snapshot})
    settings.CQRS = settings.CQRS.model_copy(update={"command_side": command_side})
    id = order(*"abcd")
    assert commands.load(ORDER, id).snapshot
    kept = bytes(Snapshot.objects.get().state)
    assert b"customer" not in kept
    assert ADDRESS.name.encode() not in kept
    forget()
    loaded = commands.load(ORDER, id)
    assert loaded.snapshot == 0
    assert loaded.state.shipping_address.name == FORGOTTEN
    assert "its person is forgotten" in caplog.text
    assert not Snapshot.objects.exists()


def test_it_writes_no_snapshot_of_who_was_forgotten_meanwhile(settings):
    from eventstore import snapshots

    id = order("a")
    loaded = commands.load(ORDER, id)
    forget()
    snapshots.keep(ORDER, loaded.state, at=loaded.event, keys=loaded.keys)
    assert not Snapshot.objects.exists()


def test_it_encrypts_snapshots_that_many_commands_make(settings):
    snapshot = settings.CQRS.command_side.snapshot.model_copy(update={"frequency": 2})
    command_side = settings.CQRS.command_side.model_copy(update={"snapshot": snapshot})
    settings.CQRS = settings.CQRS.model_copy(update={"command_side": command_side})
    id = order("a")
    bulk.handle(
        ORDER,
        [bulk.Ask(stream_id=id, command=AddNote(text="b"))],
        at=AT,
        context=Context(actor="tests"),
    )
    kept = Snapshot.objects.get()
    assert kept.key_id == PersonKey.objects.get().key_id
    assert ADDRESS.name.encode() not in bytes(kept.state)


def test_it_says_so_when_it_has_another_data_key(settings):
    id = order()
    use_master(settings)
    (placed,) = store.read_stream(f"order-{id}")
    with pytest.raises(errors.WrongDataKey, match="DATA_KEY_PREVIOUS"):
        assert placed.data
    assert placed.envelope(masked=True)["data"]["note"] == events.MASK


def test_it_reads_with_a_former_data_key(settings):
    id = order()
    use_master(settings, settings.DATA_KEY)
    assert commands.load(ORDER, id).state.shipping_address == ADDRESS
    order(customer_id="customer-2")
    masters = set(PersonKey.objects.values_list("master", flat=True))
    assert masters == {each.fingerprint for each in master_keys.known()}


def test_it_tells_an_altered_text_from_a_forgotten_one():
    id = order("ring twice")
    _, second = store.read_stream(f"order-{id}")
    moved = events.RecordedEvent(
        1, uuid4(), second.stream, 2, "NoteAdded", 1, AT, AT,
        second._data_text, second._metadata_text, second._wrapped,
    )  # fmt: skip
    with pytest.raises(errors.UnreadableTexts):
        assert moved.data
