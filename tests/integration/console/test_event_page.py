"""/ops/events/POSITION/: what one event says, where it came from and who has it."""

import json
import re
from uuid import uuid4

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from eventstore import commands, store
from eventstore.commands import Context
from eventstore.models import PersonKey
from orders.domain.commands import AddNote, ConfirmOrder
from orders.streams import ORDER
from projections import dead_letters
from projections.models import DeadLetter
from tests.integration.console import people, stored
from tests.integration.console.people import body
from tests.integration.eventstore.notes import AT
from tests.integration.projections import accounts
from tests.unit.orders.builders import ADDRESS, capture, deliver, place, ship

# Who looks: 4. The event and its neighbours: 5. Its causes: 12, each within its time.
# Who has it: 3.
STATEMENTS = 24
SECRETS = (ADDRESS.name, ADDRESS.line1, ADDRESS.city, "R-77", "TEA")


def url(position: int, more: str = "") -> str:
    return f"/ops/events/{position}/{more}"


def having(text: str) -> dict[str, str]:
    """Reader -> whether it has the event."""
    found = re.findall(r'<tr id="reader-(\w+)">.*?<td>(.*?)</td>', text, re.DOTALL)
    return {name: re.sub(r"<[^>]*>|[●▲✖◐]", "", told).strip() for name, told in found}


def test_it_shows_data_to_who_may_see_them_alone(viewer, administrator):
    stored.order()
    shown = body(administrator, url(1))
    assert all(each in shown for each in SECRETS)
    hidden = body(viewer, url(1))
    assert not [each for each in SECRETS if each in hidden]
    assert '"shipping_address": {' in hidden
    assert '"quantity": "***"' in hidden


def test_it_hands_out_json_by_the_same_rule(viewer, administrator):
    stored.order()
    answer = administrator.get(url(1, "json/"))
    assert answer["Content-Disposition"] == 'inline; filename="event-1.json"'
    (placed,) = store.read_settled(after=0, limit=1)
    assert answer.json() == json.loads(json.dumps(placed.envelope()))
    hidden = viewer.get(url(1, "json/"))
    assert not [each for each in SECRETS if each in hidden.content.decode()]
    assert hidden.json()["data"]["shipping_address"]["city"] == "***"
    assert hidden.json()["metadata"]["actor"] == "ann"
    assert viewer.get(url(2, "json/")).status_code == 404


def test_it_shows_forgotten_texts_as_forgotten(administrator):
    stored.order()
    PersonKey.objects.all().delete()
    text = body(administrator, url(1))
    assert ADDRESS.line1 not in text
    assert '"line1": "[forgotten]"' in text


def test_it_shows_what_each_upcaster_changed(viewer, administrator):
    data = {
        "order_id": str(uuid4()),
        "customer_id": "customer-1",
        "currency": "EUR",
        "lines": [],
        "shipping_address": {"name": "a", "line1": "b", "city": "c", "country": "GB"},
    }
    position = stored.former(f"order-{data['order_id']}", "OrderPlaced", data)
    text = body(administrator, url(position))
    assert "schema version 1" in text
    (_, after) = text.split("Schema version 1 to 2")
    assert "<code>channel</code>" in after
    hidden = body(viewer, url(position)).split("Schema version 1 to 2")[1]
    assert "<code>channel</code>" in hidden
    assert "***" in hidden


def test_it_shows_events_that_nobody_can_read(viewer, administrator):
    unknown = stored.former("order-1", "OrderMelted", {"heat": "secret"})
    foreign = stored.former("invoice-1", "InvoiceSent", {"to": "secret"})
    for position in (unknown, foreign):
        assert "secret" in body(administrator, url(position))
        hidden = body(viewer, url(position))
        assert "***" in hidden
        assert "secret" not in hidden
    broken = stored.former("order-2", "OrderPlaced", {"lines": 7})
    assert "***" in body(viewer, url(broken))


def test_it_says_why_data_cannot_be_read(administrator):
    stored.order()
    PersonKey.objects.all().update(master="foreign", wrapped=b"\0" * 60)
    text = body(administrator, url(1))
    assert "It cannot be read" in text
    assert '"line1": "[forgotten]"' in text or '"line1": "***"' in text
    assert administrator.get(url(1, "json/")).json()["unreadable"]


def test_it_links_its_neighbours_and_its_command(viewer):
    stored.order()
    id = uuid4()
    asked = Context(actor="ann")
    for each in (place(), ConfirmOrder(), AddNote(text="x")):
        commands.handle(ORDER, id, each, at=AT, context=asked)
    stored.order()
    text = body(viewer, url(3))
    steps = text.split('aria-label="Neighbours"')[1].split("</nav>")[0]
    assert re.findall(r'href="(.*?)"', steps) == [url(2), url(4), url(2), url(4)]
    assert "It stored this event alone" in text
    assert "the first" in body(viewer, url(1))
    assert "the newest" in body(viewer, url(5))


def test_it_lists_the_other_events_of_its_command(viewer):
    id, asked = uuid4(), Context(actor="ann")
    for each in (place(), ConfirmOrder(), ship(), deliver(), capture("50.00")):
        commands.handle(ORDER, id, each, at=AT, context=asked)
    *_, paid, completed = store.read_stream(f"order-{id}")
    assert completed.type == "OrderCompleted"
    for one, other in ((paid, completed), (completed, paid)):
        text = body(viewer, url(one.position)).split("The same command")[1]
        assert f'<a href="{url(other.position)}">{other.type}</a>' in text


def test_it_shows_causes_and_effects_as_a_tree(viewer):
    cause = stored.order()
    (placed,) = store.read_stream(cause)
    effect = stored.order(causation_id=str(placed.event_id), correlation_id="r")
    (second,) = store.read_stream(effect)
    stored.order(causation_id=str(second.event_id), correlation_id="r")
    stored.order(causation_id=str(placed.event_id), correlation_id="r")
    for position in (1, 2, 3, 4):
        tree = (
            body(viewer, url(position)).split('class="tree"')[1].split("</section>")[0]
        )
        shown = re.findall(r"<(b|a href=\"[^\"]*\")>OrderPlaced</", tree)
        assert [each == "b" for each in shown] == [n == position for n in (1, 2, 3, 4)]
        assert tree.split("</section>")[0].count("<ul>") == 2
    stored.order(causation_id=str(uuid4()))
    assert "is no event of this log" in body(viewer, url(5))


def test_it_says_who_has_it_and_who_not(viewer, monkeypatch):
    fold = type(accounts.projection()).fold

    def failing(self, rows, event):
        if getattr(event.data, "points", None) == 3:
            raise ValueError("three")
        fold(self, rows, event)

    accounts.open_account()
    opened = store.head()
    assert having(body(viewer, url(opened)))[accounts.NAME] == "not yet"
    accounts.follow()
    told = having(body(viewer, url(opened)))
    assert told[accounts.NAME] == "has it"
    assert told["order_summary"] == "does not read this type"
    assert "expire_unpaid_orders" in told
    monkeypatch.setattr(type(accounts.projection()), "fold", failing)
    held, behind = accounts.earn(3), accounts.earn(5)
    accounts.follow()
    for position in (held, behind):
        assert having(body(viewer, url(position)))[accounts.NAME].startswith("held")
    assert having(body(viewer, url(opened)))[accounts.NAME] == "has it"
    dead_letters.skip(DeadLetter.objects.get().pk, actor="ann", reason="tests")
    assert having(body(viewer, url(held)))[accounts.NAME] == "skipped"
    assert having(body(viewer, url(behind)))[accounts.NAME] == "has it"


def test_it_says_that_there_is_no_event(viewer):
    stored.order()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT nextval('eventstore_event_position_seq')")
    stored.order()
    hole = body(viewer, url(2), status=404)
    assert "Positions have holes" in hole
    assert f'href="{url(1)}"' in hole
    assert f'href="{url(3)}"' in hole
    assert "newest event is at position 3" in body(viewer, url(99), status=404)
    assert "newest event" in body(viewer, url(10**30), status=404)
    assert "no event" in body(viewer, url(0), status=404)


@pytest.mark.parametrize("notes", [0, 300])
def test_it_asks_the_databases_a_bounded_number_of_times(viewer, notes):
    stream = stored.order(*["x"] * notes)
    stored.project()
    last = store.read_stream(stream)[-1]
    with (
        CaptureQueriesContext(connections["default"]) as log,
        CaptureQueriesContext(connections["read"]) as read,
    ):
        body(viewer, url(last.position))
    assert len(log) + len(read) <= STATEMENTS


def test_it_is_for_those_who_may_see_the_console(database, client):
    stored.order()
    for page in (url(1), url(1, "json/")):
        assert client.get(page).status_code == 302
    stranger = people.member("")
    for page in (url(1), url(1, "json/")):
        assert stranger.get(page).status_code == 403
