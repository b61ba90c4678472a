"""What stands around an event: its command, its causes, what it caused, its group."""

from uuid import uuid4

import pytest

from eventstore import causes, events, store
from orders.domain.events import NoteAdded
from tests.integration.eventstore.notes import AT

pytestmark = pytest.mark.usefixtures("database")


def add(stream, *texts, version=0, cause=None, id=None, correlation="request"):
    metadata = {"command_id": str(uuid4()), "correlation_id": correlation}
    if cause is not None:
        metadata["causation_id"] = str(cause)
    new = [
        events.new(NoteAdded(text=t), occurred_at=AT, metadata=metadata, event_id=id)
        for t in texts
    ]
    store.append(stream, new, expected_version=version)
    return store.read_stream(stream, from_version=version + 1)


def stream():
    return f"order-{uuid4()}"


def test_it_shows_an_event_in_the_tree_of_its_first_cause():
    (root,) = add(stream(), "root")
    one, two = add(stream(), "one", "two", cause=root.event_id)
    (leaf,) = add(stream(), "leaf", cause=one.event_id)
    add(stream(), "other", correlation="another")
    found = causes.around(leaf)
    assert [(n.event.event_id, n.depth, n.asked) for n in found.tree] == [
        (root.event_id, 0, False),
        (one.event_id, 1, False),
        (leaf.event_id, 2, True),
        (two.event_id, 1, False),
    ]
    assert [e.event_id for e in found.group] == [
        e.event_id for e in (root, one, two, leaf)
    ]
    assert (found.tree_cut, found.group_cut, found.missing) == (False, False, "")


def test_it_shows_the_events_of_the_same_command():
    name = stream()
    add(name, "before")
    one, two = add(name, "one", "two", version=1)
    add(name, "after", version=3)
    found = causes.around(two).same_command
    assert [e.version for e in found] == [one.version, two.version]


def test_it_ends_where_events_cause_each_other():
    first, second = uuid4(), uuid4()
    (one,) = add(stream(), "one", id=first, cause=second)
    add(stream(), "two", id=second, cause=first)
    assert len(causes.around(one).tree) == 2


def test_it_says_when_a_tree_is_cut_off():
    (root,) = add(stream(), "root")
    add(stream(), *"abcdef", cause=root.event_id)
    found = causes.around(root, most=4)
    assert (len(found.tree), found.tree_cut, found.group_cut) == (4, True, True)
    above = root
    for _ in range(4):
        (above,) = add(stream(), "deeper", cause=above.event_id)
    assert causes.around(root, deepest=2).tree_cut


@pytest.mark.parametrize("cause", ["no id", "018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f12"])
def test_it_names_a_cause_that_is_no_event_here(cause):
    (one,) = add(stream(), "one", cause=cause)
    assert causes.around(one).missing == cause
