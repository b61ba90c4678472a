"""/ops/streams/STREAM/: states at versions, what differs, and what read tables say."""

import re

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from eventstore import store
from eventstore.models import PersonKey
from projections.models import Checkpoint
from tests.integration.console import people, stored
from tests.integration.console.people import body
from tests.integration.eventstore.notes import note
from tests.integration.projections import accounts
from tests.unit.orders.builders import ADDRESS

SECRETS = (ADDRESS.name, ADDRESS.line1, "R-77", "ring twice", "leave")
# Who looks: 4. The stream, its state and its commands: 4. Of the read tables: one for
# each table with rows of one order, and 7.
STATEMENTS = 26


def url(stream: str, query: str = "") -> str:
    return f"/ops/streams/{stream}/{query}"


def state(text: str) -> str:
    return text.split('id="state-title"')[1].split("</section>")[0]


def changes(text: str) -> dict[str, list[str]]:
    """Path -> [before, after]."""
    part = text.split('id="difference-title"')[1].split("</section>")[0]
    found = re.findall(
        r"<code>(.*?)</code></th>\s*<td>(.*?)</td>\s*<td>(.*?)</td>", part, re.DOTALL
    )
    return {path: [re.sub("<[^>]*>", "", each) for each in of] for path, *of in found}


def told(text: str, projection: str) -> str:
    """What is said of a projection's rows."""
    part = text.split(f'id="rows-{projection}"')[1].split("</details>")[0]
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", part))


@pytest.fixture
def order(database: None) -> str:
    return stored.order("ring twice", "leave it there")


def test_it_shows_the_state_at_any_version(administrator, order):
    newest = body(administrator, url(order))
    assert "State at version 3, the newest" in newest
    assert '"text": "leave it there"' in state(newest)
    second = body(administrator, url(order, "?version=2"))
    assert '"text": "ring twice"' in state(second)
    assert "leave" not in state(second)
    assert '"version": 1' in state(body(administrator, url(order, "?version=1")))


def test_it_shows_what_differs_from_the_version_before(administrator, order):
    found = changes(body(administrator, url(order, "?version=2")))
    assert found["version"] == ["1", "2"]
    assert any("ring twice" in after for _, after in found.values())


def test_it_shows_what_differs_between_any_two_versions(administrator, order):
    both = changes(body(administrator, url(order, "?from=1&to=3")))
    assert both["version"] == ["1", "3"]
    back = changes(body(administrator, url(order, "?from=3&to=1")))
    assert back["version"] == ["3", "1"]
    begun = changes(body(administrator, url(order, "?from=0&to=1")))
    assert "customer-1" in begun["(the whole)"][1]
    same = body(administrator, url(order, "?from=2&to=2"))
    assert "The state is the same" in same


def test_it_takes_the_one_that_was_moved_of_slider_and_number(viewer, order):
    moved = viewer.get(url(order, "?slide=1&was=3&version=3"))
    assert moved["Location"] == url(order, "?version=1")
    typed = viewer.get(url(order, "?slide=3&was=3&version=2"))
    assert typed["Location"] == url(order, "?version=2")


@pytest.mark.parametrize(
    "query",
    ["?version=4", "?version=0", "?version=x", "?from=-1", "?to=9", "?before=x"],
)
def test_it_says_which_versions_there_are(viewer, order, query):
    text = body(viewer, url(order, query), status=422)
    assert "is a whole number from" in text
    assert "State at version 3" in text


def test_it_shows_personal_texts_to_who_may_see_them_alone(
    viewer, administrator, order
):
    stored.project()
    shown = body(administrator, url(order))
    assert all(each in shown for each in SECRETS)
    for query in ("", "?version=2", "?from=0&to=3"):
        hidden = body(viewer, url(order, query))
        assert not [each for each in SECRETS if each in hidden], query
        assert '"text": "***"' in hidden
        assert '"sku": "TEA"' in hidden


def test_it_shows_forgotten_texts_as_forgotten(viewer, administrator, order):
    PersonKey.objects.all().delete()
    for client in (viewer, administrator):
        text = state(body(client, url(order)))
        assert '"text": "[forgotten]"' in text
        assert "ring" not in text


def test_it_shows_the_rows_of_each_read_table(viewer, order):
    stored.project()
    text = body(viewer, url(order))
    summary = told(text, "order_summary")
    assert "at version 3" in summary
    assert "orders_order_summary" in summary
    assert "customer-1" in summary
    assert "no rows of this stream" in told(text, "customer_timeline")


def test_it_says_how_far_a_projection_is_behind(viewer):
    accounts.open_account()
    accounts.follow()
    assert "at version 1" in told(body(viewer, url("account-1")), accounts.NAME)
    accounts.earn(2)
    accounts.earn(2)
    text = told(body(viewer, url("account-1")), accounts.NAME)
    assert "at version 1, behind by 2 events" in text


def test_it_counts_for_each_projection_by_itself(viewer, order):
    stored.project()
    Checkpoint.objects.filter(projection="order_summary").update(state="paused")
    store.append(order, [note() for _ in range(1101)], expected_version=3)
    stored.project()
    text = body(viewer, url(order))
    assert "behind by more than 1,000 versions" in told(text, "order_summary")
    assert "at version 1,104 position" in told(text, "order_detail")


def test_it_says_what_is_held(viewer, monkeypatch):
    fold = type(accounts.projection()).fold

    def failing(self, rows, event):
        if getattr(event.data, "points", None) == 3:
            raise ValueError("three")
        fold(self, rows, event)

    monkeypatch.setattr(type(accounts.projection()), "fold", failing)
    accounts.open_account()
    accounts.earn(3)
    accounts.earn(5)
    accounts.follow()
    text = told(body(viewer, url("account-1")), accounts.NAME)
    assert "held from version 2 on" in text
    assert "behind" not in text


def test_it_lists_the_commands_with_their_events(viewer):
    stream = stored.order("a", actor="bob", request_id="request-9")
    text = body(viewer, url(stream)).split('id="commands-title"')[1]
    assert text.index("NoteAdded") < text.index("OrderPlaced")
    assert "bob" in text
    assert "request-9" in text
    for each in store.read_stream(stream):
        assert f'href="/ops/events/{each.position}/"' in text
        assert f'href="?version={each.version}"' in text


def test_it_shows_the_events_of_a_type_that_nobody_reads(viewer):
    position = stored.former("invoice-1", "InvoiceSent", {"to": "x"})
    text = body(viewer, url("invoice-1"))
    assert "No code of this system reads streams of the type “invoice”" in text
    assert f'href="/ops/events/{position}/"' in text


def test_it_shows_the_state_before_an_event_that_cannot_be_folded(
    viewer, administrator, order
):
    stored.former(order, "OrderMelted", {"heat": "secret"}, version=4)
    for client in (viewer, administrator):
        text = body(client, url(order))
        assert "Version 4 cannot be folded: UnknownEventType" in text
        assert '"version": 3' in state(text)
        assert "OrderMelted" in text
        assert "secret" not in text
        assert "cannot be folded" not in body(client, url(order, "?version=3"))
    stored.former("order-x", "OrderPlaced", {"lines": "secret"})
    broken = body(viewer, url("order-x"))
    assert "Version 1 cannot be folded: InvalidEvent" in broken
    assert "There is no state before it" in broken


def test_it_pages_through_a_long_stream_with_as_few_statements(viewer):
    asked = []
    accounts.open_account()
    for count in (199, 4800):
        accounts.earn_many(count)
        with (
            CaptureQueriesContext(connections["default"]) as log,
            CaptureQueriesContext(connections["read"]) as read,
        ):
            text = body(viewer, url("account-1"))
        asked.append(len(log) + len(read))
    assert asked[0] == asked[1]
    assert "behind by more than 1,000 versions" in told(text, accounts.NAME)
    assert "State at version 5,000, the newest" in text
    assert text.count('class="version"') == 50
    (older,) = re.findall(r'href="([^"]*)">Older', text)
    assert 'href="?version=4950"' in body(viewer, url("account-1", older))
    assert len(text) < 100_000


def test_it_asks_the_databases_a_bounded_number_of_times(viewer, order):
    stored.project()
    with (
        CaptureQueriesContext(connections["default"]) as log,
        CaptureQueriesContext(connections["read"]) as read,
    ):
        body(viewer, url(order))
    assert len(log) + len(read) <= STATEMENTS


def test_it_links_to_the_page_that_people_have(viewer, order):
    id = order.removeprefix("order-")
    assert f'<a href="/orders/{id}/">Order page</a>' in body(viewer, url(order))
    stored.former("order-a/b", "OrderMelted", {})
    accounts.open_account()
    for stream in ("order-a/b", "account-1"):
        assert " page</a>" not in body(viewer, url(stream))


def test_it_says_that_there_is_no_such_stream(viewer):
    text = body(viewer, url("order-7"), status=404)
    assert "No stream has this name" in text
    assert "order-7" in text


def test_it_is_for_those_who_may_see_the_console(client, order):
    assert client.get(url(order)).status_code == 302
    assert people.member("").get(url(order)).status_code == 403
