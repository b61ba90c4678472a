"""Lists of the log: pages that have rows, few statements, and never a COUNT."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eventstore import paging
from eventstore.models import Event

EVENTS = "/admin/eventstore/event/"
STREAMS = "/admin/eventstore/stream/"
# Session, user, the keys up to 1,000, the estimate, the page.
STATEMENTS = 5


def get(admin, url: str, **query: object) -> Any:
    with CaptureQueriesContext(connection) as captured:
        answer = admin.get(url, query)
    assert answer.status_code == 200
    answer.statements = [each["sql"] for each in captured.captured_queries]
    assert not [sql for sql in answer.statements if "COUNT(" in sql.upper()]
    return answer


def positions(answer) -> list[int]:
    return [row.pk for row in answer.context["cl"].result_list]


def offered(answer) -> int:
    """The last page that is linked, or is shown."""
    shown = re.findall(r"[?&;]p=(\d+)", answer.content.decode())
    return max([answer.context["cl"].page_num, *map(int, shown)])


@pytest.mark.parametrize(("url", "rows"), [(EVENTS, 3000), (STREAMS, 1500)])
def test_it_shows_every_row_once_and_no_empty_page(admin, long_log, url, rows):
    seen: list[int] = []
    page = last = 1
    while page <= last:
        answer = get(admin, url, p=page)
        assert len(answer.statements) <= STATEMENTS
        found = positions(answer)
        assert found, f"page {page} of {last} is empty"
        seen += found
        last = offered(answer)
        page += 1
    assert len(seen) == len(set(seen)) == rows


@pytest.mark.parametrize("estimate", [1001, 1_000_000])
def test_it_corrects_a_wrong_estimate(admin, long_log, monkeypatch, estimate):
    monkeypatch.setattr(paging, "_estimate", lambda keys: estimate)
    answer = get(admin, STREAMS, p=999_999)
    while answer.context["cl"].page_num < offered(answer):
        answer = get(admin, STREAMS, p=offered(answer))
    assert answer.context["cl"].page_num == 30
    assert len(positions(answer)) == 50
    if estimate > 1500:
        assert "1,500 streams" in answer.content.decode()
        assert "about" not in answer.content.decode()


def test_it_estimates_the_query_and_not_the_table(admin, long_log):
    connection.cursor().execute("ANALYZE eventstore_event")
    shown = get(admin, STREAMS).context["cl"].paginator
    assert 1200 < shown.count < 1800
    assert 2900 < get(admin, EVENTS).context["cl"].paginator.count < 3100
    assert shown.shown_count.startswith("about 1,")


def test_it_offers_no_pages_that_take_long_to_reach(admin, long_log, monkeypatch):
    monkeypatch.setattr(paging.EstimatedPaginator, "REACH", 1000)
    answer = get(admin, EVENTS, p=60)
    assert answer.context["cl"].page_num == 20 == offered(answer)
    assert "the pages reach the first 1,000" in answer.content.decode()


def test_it_finds_an_order_by_its_bare_id(admin, long_log):
    id = long_log[700].removeprefix("order-")
    for spelling in (id, id.upper(), f"{{{id}}}", id.replace("-", "")):
        answer = get(admin, STREAMS, q=spelling)
        assert [row.stream for row in answer.context["cl"].result_list] == [
            long_log[700]
        ]
        found = get(admin, EVENTS, q=spelling).context["cl"].result_list
        assert {(row.stream, row.version) for row in found} == {
            (long_log[700], 1),
            (long_log[700], 2),
        }


def test_it_finds_an_event_and_its_stream(admin, long_log):
    second = Event.objects.get(stream=long_log[3], version=2)
    for term in (second.position, second.event_id):
        assert positions(get(admin, EVENTS, q=term)) == [second.position]
        (stream,) = get(admin, STREAMS, q=term).context["cl"].result_list
        assert stream.stream == long_log[3]


@pytest.mark.parametrize(
    "term", ["9" * 18, "9" * 19, "9" * 5000, "nothing", str(uuid4())]
)
def test_it_says_that_nothing_matches(admin, long_log, term):
    for url in (EVENTS, STREAMS):
        shown = get(admin, url, q=term).content.decode()
        assert "match. <a" in shown


def test_it_filters_by_type(admin, long_log):
    assert len(positions(get(admin, EVENTS, type="NoteAdded"))) == 50
    assert positions(get(admin, EVENTS, type="OrderPlaced")) == []


@pytest.mark.parametrize("page", ["0", "-3", "x", "999999999999999999999"])
def test_it_survives_odd_page_numbers(admin, long_log, page):
    answer = admin.get(EVENTS, {"p": page}, follow=True)
    assert answer.status_code == 200
    assert len(positions(answer)) == 50
