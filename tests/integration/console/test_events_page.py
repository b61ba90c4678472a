"""/ops/events/: what is found, in which order, and what is said where nothing is."""

import re

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from eventstore import store
from eventstore.search import finding
from eventstore.store import StreamAppend
from tests.integration.console import people, stored
from tests.integration.console.people import body
from tests.integration.eventstore.notes import note

URL = "/ops/events/"
ROW = re.compile(r'<tr id="event-(\d+)">')
# What it asks the databases at most, whatever the log has: to say who looks, to look
# along an index and what it leads to, each within its time, and for the head.
STATEMENTS = 20


def rows(text: str) -> list[int]:
    return [int(each) for each in ROW.findall(text)]


def link(text: str, name: str) -> str:
    (found,) = re.findall(rf'<a href="([^"]*)"[^>]*>{name}</a>', text)
    return str(found)


def many(count: int) -> None:
    names = [f"order-00000000-0000-4000-8000-{each:012}" for each in range(count)]
    store.append_many([StreamAppend(name, 0, [note()]) for name in names])


def limited(monkeypatch, **limits: int) -> None:
    for name, value in limits.items():
        monkeypatch.setitem(finding.find.__kwdefaults__, name, value)


def test_it_lists_the_newest_first_and_keeps_the_place_when_one_comes_back(viewer):
    many(130)
    first = body(viewer, URL)
    assert rows(first) == sorted(rows(first), reverse=True)
    assert rows(first)[0] == store.head()
    second = body(viewer, URL + link(first, "Older"))
    assert rows(first)[-1] - 1 == rows(second)[0]
    stored.order()
    again = body(viewer, URL + link(second, "Newer"))
    assert rows(again) == rows(first)
    assert rows(body(viewer, URL + link(again, "Newer")))[0] == store.head()
    last = body(viewer, URL + link(second, "Older"))
    assert len(rows(first) + rows(second) + rows(last)) == 130
    assert ">Older</a>" not in last


def test_it_links_an_event_to_all_about_it(viewer):
    stream = stored.order(correlation_id="request-7")
    (placed,) = store.read_stream(stream)
    text = body(viewer, URL)
    assert f'href="/ops/events/{placed.position}/"' in text
    assert f'href="/ops/streams/{stream}/"' in text
    assert rows(body(viewer, link(text, ".*request-7.*"))) == [placed.position]


def test_it_offers_examples_that_find_something(viewer):
    stored.order("ring", correlation_id="r-1", causation_id="c-1")
    text = body(viewer, URL)
    offered = re.findall(r'<a class="wraps" href="\?q=([^"]*)">', text)
    assert len(offered) >= 10
    for each in offered:
        found = body(viewer, f"{URL}?q={each}")
        assert rows(found) or each.startswith("before"), each


def test_it_lists_the_types_as_links(viewer):
    stored.order("ring")
    assert '<a href="?q=type:NoteAdded">NoteAdded</a>' in body(viewer, URL)
    assert rows(body(viewer, f"{URL}?q=type:NoteAdded")) == [store.head()]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("foo:bar", "type:"),
        ("before:yesterday", "2026-11-24"),
        ('actor:"ann', "quotation mark"),
        ("position:x", "whole number"),
    ],
)
def test_it_says_at_the_box_what_is_wrong_with_a_search(viewer, query, told):
    answer = viewer.get(URL, {"q": query})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert told in text
    assert 'aria-describedby="fault"' in text
    assert "data-live" not in text


def test_it_says_what_a_page_number_may_be(viewer):
    assert "whole number" in body(viewer, f"{URL}?older=x", status=422)


def test_it_searches_in_data_only_for_who_may_see_them(viewer, administrator):
    stored.order()
    query = f"{URL}?q=data.lines.sku:TEA"
    assert rows(body(administrator, query))
    assert "permission" in body(viewer, query, status=422)


def test_it_says_how_far_it_has_searched_and_goes_on(viewer, monkeypatch):
    stored.order()
    many(200)
    limited(monkeypatch, window=100)
    text = body(viewer, f"{URL}?q=actor:ann")
    assert "Nothing found down to position 102" in text
    assert "data-live" not in text
    for _ in range(2):
        text = body(viewer, URL + link(text, "Go on further back"))
    assert rows(text) == [1]


def test_it_cuts_off_a_search_that_takes_too_long(administrator, monkeypatch):
    many(3000)
    limited(monkeypatch, timeout_ms=1)
    text = body(administrator, f"{URL}?q=data.text:nothing+data.author:nobody")
    assert "stopped after 1 ms" in text


def test_it_says_what_to_do_where_nothing_is(viewer):
    assert "There are no events yet" in body(viewer, URL)
    stored.order()
    assert "No events match" in body(viewer, f"{URL}?q=actor:nobody")
    assert "no events beyond this" in body(viewer, f"{URL}?older=1")


def test_it_shows_what_was_searched_for_as_text(viewer):
    answer = viewer.get(URL, {"q": '"<script>alert(1)</script>'})
    assert b"<script>alert" not in answer.content


def test_it_answers_304_until_there_is_news(viewer):
    stored.order()
    first = viewer.get(URL, headers={"X-Live": "1"})
    known = {"X-Live": "1", "If-None-Match": first["ETag"]}
    assert viewer.get(URL, headers=known).status_code == 304
    stored.order()
    news = viewer.get(URL, headers=known)
    assert news.status_code == 200
    assert rows(news.content.decode()) == [2, 1]


def test_it_follows_the_log_on_its_first_page_alone(viewer):
    many(60)
    text = body(viewer, URL)
    assert "data-live" in text
    assert "data-tail" in text
    older = body(viewer, URL + link(text, "Older"))
    assert "data-live" not in older
    assert "data-tail" not in older


@pytest.mark.parametrize(
    "query", ["", "?q=type:NoteAdded", "?q=actor:t", "?older=50", "?newer=20"]
)
def test_it_asks_the_databases_as_often_whatever_the_log_has(viewer, query):
    asked = []
    for count in (60, 600):
        many_of(count)
        with (
            CaptureQueriesContext(connections["default"]) as log,
            CaptureQueriesContext(connections["read"]) as read,
        ):
            body(viewer, URL + query)
        asked.append(len(log) + len(read))
    assert asked[0] == asked[1] <= STATEMENTS


def many_of(count: int) -> None:
    names = [f"order-10000000-0000-4000-8000-{count:06}{n:06}" for n in range(count)]
    store.append_many([StreamAppend(name, 0, [note()]) for name in names])


def test_it_is_for_those_who_may_see_the_console(database, client):
    assert client.get(URL).status_code == 302
    assert people.member("").get(URL).status_code == 403
    assert people.member("Operator").get(URL).status_code == 200
    assert people.member("Viewer").post(URL).status_code == 405
