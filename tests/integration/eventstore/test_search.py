"""The search over the log: what it finds, how it goes on, what it reads."""

import json
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from eventstore import commands, store
from eventstore.commands import Context
from eventstore.search import finding, query
from eventstore.search.errors import BadQuery, PayloadHidden
from eventstore.store import StreamAppend
from orders.domain.commands import AddNote
from orders.streams import ORDER
from tests.integration.eventstore.notes import AT, note
from tests.unit.orders.builders import place

pytestmark = pytest.mark.usefixtures("database")

CAUSE = "018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f12"


def parse(text):
    return query.parse(text, now=timezone.now())


def find(text, **kwargs):
    return finding.find(parse(text), may_see_payload=True, **kwargs)


def versions(text, **kwargs):
    return [(e.stream, e.version) for e in find(text, **kwargs).events]


@pytest.fixture
def order() -> UUID:
    """An order of two events among others."""
    id = uuid4()
    for each, customer in ((uuid4(), "other"), (id, "customer-9")):
        asked = place(customer_id=customer)
        commands.handle(ORDER, each, asked, at=AT, context=Context(actor="ann"))
    context = Context(actor="bob", correlation_id="request-7", causation_id=CAUSE)
    commands.handle(ORDER, id, AddNote(text="ring"), at=AT, context=context)
    return id


@pytest.mark.parametrize(
    "text",
    [
        "order:{id} type:NoteAdded",
        "{id} version:2",
        "customer:customer-9 version:2",
        "correlation:request-7",
        f"causation:{CAUSE}",
        "actor:bob",
        "type:NoteAdded",
        "NoteAdded after:1h",
        'stream:"order-{id}" actor:"bob" before:2100-01-01',
        "order-{id} version:2",
        "position:{position}",
        "{position}",
        "id:{event_id}",
        "{event_id}",
        "after:{before}",
    ],
)
def test_it_finds_one_event_by(text, order):
    noted = store.read_stream(f"order-{order}")[-1]
    asked = text.format(
        id=order,
        position=noted.position,
        event_id=noted.event_id,
        before=noted.position - 1,
    )
    assert versions(asked) == [(noted.stream, 2)]


def test_it_takes_words_of_one_name_as_alternatives(order):
    assert len(versions(f"order:{order} type:NoteAdded type:OrderPlaced")) == 2
    assert versions("type:NoteAdded actor:ann") == []


def test_it_finds_values_in_lists_of_data(order):
    sku = store.read_stream(f"order-{order}")[0].envelope()["data"]["lines"][0]["sku"]
    quoted = json.dumps(sku)
    assert (f"order-{order}", 1) in versions(f"data.lines.sku:{quoted}")
    assert (f"order-{order}", 1) in versions(f"data.lines.0.sku:{quoted}")
    assert versions(f"data.lines.9.sku:{quoted}") == []


@pytest.mark.parametrize(
    "text",
    [
        """data.a'b:"it's \\" $ % %s {} ; --" """,
        'data.x)\\"$.[*]:1',
        "data.ключ:значение",
        "data.😀:😀",
        "data.a:" + "x" * 10_000,
        "data.99999999999999:1",
        "data.a%(low)s:%(high)s",
        "data.{driver}:{order}",
    ],
)
def test_it_takes_strange_paths_and_values_as_they_are(text, order):
    assert versions(text) == []


def test_it_finds_no_personal_text_and_says_so(order):
    assert versions("data.text:ring") == []
    assert any("encrypted" in each for each in parse("data.text:ring").notes)


def test_it_searches_no_data_for_who_may_not_see_them(order):
    with pytest.raises(PayloadHidden, match="permission"):
        finding.find(parse("data.text:ring"), may_see_payload=False)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("colour:red", "colour:"),
        ("type:", "type:"),
        ("after:yesterday", "yesterday"),
        ("after:999999w", "999999w"),
        ("position:1234567890123456789", "1234567890123456789"),
        ("version:x", "x"),
        ("id:5", "5"),
        ('actor:"open', 'actor:"open'),
        ("a\0b", "a\0b"),
        ("\ud800", "\ud800"),
        ("data..a:1", "data..a"),
    ],
)
def test_it_names_the_word_it_does_not_understand(text, word):
    with pytest.raises(BadQuery) as refused:
        parse(text)
    assert refused.value.word == word


def test_it_lists_what_is_allowed_instead_of_an_unknown_word():
    with pytest.raises(BadQuery) as refused:
        parse("colour:red")
    assert {"order:", "account:", "type:", "data.…:"} <= set(refused.value.allowed)


def test_it_pages_to_the_end_and_back():
    names = [f"order-{uuid4()}" for _ in range(25)]
    store.append_many([StreamAppend(name, 0, [note()]) for name in names])
    first = find("type:NoteAdded", limit=10)
    second = find("type:NoteAdded", limit=10, older_than=first.older)
    third = find("type:NoteAdded", limit=10, older_than=second.older)
    seen = [e.position for p in (first, second, third) for e in p.events]
    assert (len(seen), seen) == (25, sorted(set(seen), reverse=True))
    assert (first.newer, third.older) == (None, None)
    back = find("type:NoteAdded", limit=10, newer_than=third.newer)
    assert [e.position for e in back.events] == seen[10:20]
    assert back.older == seen[19]


def test_it_goes_on_where_a_search_was_cut_off(order):
    names = [f"order-{uuid4()}" for _ in range(30)]
    store.append_many([StreamAppend(name, 0, [note()]) for name in names])
    found = find("actor:bob", limit=5, window=12)
    steps = 1
    while not found.events:
        assert found.cut_off
        assert found.why
        assert found.searched_back_to == found.older
        found = find("actor:bob", limit=5, window=12, older_than=found.older)
        steps += 1
    assert (found.events[0].stream, steps) == (f"order-{order}", 3)


def test_it_leaves_the_settings_of_a_transaction_as_they_were(order):
    with connection.cursor() as cursor:
        find("actor:bob")
        cursor.execute("SHOW enable_seqscan")
        assert cursor.fetchone()[0] == "on"
