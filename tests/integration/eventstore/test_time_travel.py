"""States of a stream as they were, with or without personal texts, and what differs."""

import json
from uuid import uuid4

import msgspec
import pytest

from eventstore import (
    commands,
    payloads,
    state_changes,
    store,
    stream_versions,
    time_travel,
)
from eventstore.commands import Context
from eventstore.models import PersonKey
from orders.domain.commands import AddNote
from orders.streams import ORDER
from tests.integration.eventstore.notes import AT
from tests.loyalty import domain
from tests.loyalty.streams import ACCOUNT
from tests.unit.orders.builders import ADDRESS, place

pytestmark = pytest.mark.usefixtures("database")

SECRETS = ("ring twice", "R-77", ADDRESS.name, ADDRESS.line1, ADDRESS.city)


def handle(type, id, command):
    return commands.handle(type, id, command, at=AT, context=Context(actor="ann"))


@pytest.fixture
def order() -> str:
    id = uuid4()
    handle(ORDER, id, place(external_reference="R-77"))
    for text in ("ring twice", "ring twice or thrice"):
        handle(ORDER, id, AddNote(text=text))
    return f"order-{id}"


def text(value) -> str:
    return json.dumps(msgspec.to_builtins(value), default=str, ensure_ascii=False)


def test_it_folds_states_without_personal_texts(order):
    for step in time_travel.replay(order, masked=True):
        shown = text(step.state)
        assert not [each for each in SECRETS if each in shown]
        assert "***" in shown
    assert "ring twice" in text(time_travel.state_at(order, version=3))


def test_it_folds_what_is_forgotten_as_forgotten(order):
    PersonKey.objects.all().delete()
    shown = text(time_travel.state_at(order, version=3, masked=True))
    assert "[forgotten]" in shown
    assert "***" not in shown


def test_it_folds_to_several_versions_at_once(order):
    found = time_travel.states(order, versions=[3, 1, 9], masked=False)
    assert sorted(found) == [1, 3]
    for version, step in found.items():
        assert step.state == time_travel.state_at(order, version=version)


def test_it_says_what_differs_between_two_states_of_any_domain():
    id = uuid4()
    handle(ACCOUNT, id, domain.OpenAccount(owner="ann"))
    before = time_travel.state_at(f"account-{id}", version=0)
    after = time_travel.state_at(f"account-{id}", version=1)
    (added,) = state_changes.difference(before, after)
    assert (added.path, added.kind, added.before) == ("", "added", None)
    assert state_changes.difference(after, after) == []


def test_it_shows_the_names_of_data_alone_to_who_may_not_see_it(order):
    for event in store.read_stream(order):
        shown = payloads.shown(event, may_see=False)["data"]
        clear = payloads.shown(event, may_see=True)["data"]
        assert list(shown) == list(clear)
        assert set(leaves(shown)) == {"***"}
    assert clear == {"text": "ring twice or thrice"}


def leaves(value):
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from leaves(each)
    else:
        yield value


def test_it_pages_versions_and_names_their_commands(order):
    first = stream_versions.page(order, limit=2)
    second = stream_versions.page(order, limit=2, before=first.older)
    assert [e.version for e in (*first.events, *second.events)] == [3, 2, 1]
    assert (first.newer, second.older) == (None, None)
    back = stream_versions.page(order, limit=2, before=second.newer)
    assert [e.version for e in back.events] == [3, 2]
    assert (back.older, back.newer) == (first.older, None)
    behind = stream_versions.commands_behind(first.events)
    assert [(c.actor, len(c.events)) for c in behind] == [("ann", 1), ("ann", 1)]
