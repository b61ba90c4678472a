"""Pages of the admin about one thing, and the links between them."""

from uuid import uuid4

import pytest
from django.utils.html import escape

from eventstore import commands, store
from eventstore.models import PersonKey
from orders.streams import ORDER
from projections import runner
from projections.models import Checkpoint
from tests.integration.eventstore.notes import AT
from tests.integration.projections import rebuilds
from tests.unit.orders.builders import ADDRESS, place


@pytest.fixture
def order(database: None) -> str:
    """The id of an order, with rows in the read tables."""
    id = str(uuid4())
    asked = commands.Context(actor="tests")
    commands.handle(ORDER, id, place(), at=AT, context=asked)
    while runner.run_round(worker="tests").advanced:
        pass
    return id


def body(admin, url: str) -> str:
    answer = admin.get(url)
    assert answer.status_code == 200, url
    shown: str = answer.content.decode()
    assert "<style" not in shown
    assert "style=" not in shown
    return shown


def test_it_links_streams_events_and_rows(admin, order):
    stream = f"/admin/eventstore/stream/order-{order}/change/"
    summary = f"/admin/orders/ordersummary/{order}/change/"
    detail = f"/admin/orders/orderdetail/{order}/change/"
    sales = f"/admin/orders/ordersales/{order}/change/"
    for row in (summary, detail, sales):
        assert row in body(admin, stream)
    for table in ("productorder", "boughtorder", "customerorder"):
        row = f"/admin/orders/{table}/{order}/change/"
        assert row in body(admin, stream)
        assert stream in body(admin, row)
    assert stream in body(admin, summary)
    assert detail in body(admin, summary)
    assert stream in body(admin, detail)
    assert summary in body(admin, detail)
    assert stream in body(admin, sales)
    assert stream in body(admin, "/admin/eventstore/event/")


def test_it_shows_what_an_event_says_until_its_person_is_forgotten(admin, order):
    (placed,) = store.read_stream(f"order-{order}")
    url = f"/admin/eventstore/event/{placed.position}/change/"
    assert ADDRESS.line1 in body(admin, url)
    PersonKey.objects.all().delete()
    assert ADDRESS.line1 not in body(admin, url)
    assert "[forgotten]" in body(admin, url)


def test_it_lists_daily_sales_without_pages_of_single_days(admin, order):
    url = "/admin/orders/listedsalesdaily/"
    for query in ("", "?q=GB", "?q=eur"):
        shown = body(admin, f"{url}{query}")
        assert "2026-01-02" in shown
        assert "<span class='number'>50.00 EUR</span>" in shown
        assert "/change/" not in shown
    assert "No daily sales match" in body(admin, f"{url}?q=PL")
    for page in ("change", "history"):
        assert admin.get(f"{url}2026-01-02/{page}/").status_code == 302
    assert admin.post(f"{url}2026-01-02/delete/", {"post": "yes"}).status_code == 403


def test_it_lists_products(admin, order):
    shown = body(admin, "/admin/orders/productsales/?q=TEA")
    assert '<td class="field-all_revenue">50.00</td>' in shown
    assert "No product sales match" in body(admin, "/admin/orders/productsales/?q=tea")
    assert "50.0000" in body(admin, "/admin/orders/productsales/TEA/change/")


def test_it_says_where_a_row_is_not_there_yet(admin, order, long_log):
    shown = body(admin, f"/admin/eventstore/stream/{long_log[0]}/change/")
    assert "no order summary yet" in shown


def test_it_shows_the_events_of_a_stream_that_cannot_be_folded(admin, long_log):
    shown = body(admin, f"/admin/eventstore/stream/{long_log[0]}/change/")
    assert "cannot be folded: ImpossibleHistory: the first event is" in shown
    assert "/admin/eventstore/event/2/change/" in shown


def test_it_shows_moments_with_milliseconds(admin, order):
    shown = body(admin, "/admin/eventstore/event/1/change/")
    assert "2026-01-02 03:04:05.678 UTC" in shown


@pytest.mark.parametrize(
    "table",
    [
        "ordersummary",
        "orderdetail",
        "ordersales",
        "productorder",
        "boughtorder",
        "customerorder",
    ],
)
def test_it_finds_the_row_of_an_order(admin, order, table):
    url = f"/admin/orders/{table}/"
    for term in (order, order.upper(), f"order-{order}"):
        assert f"{order}/change/" in body(admin, f"{url}?q={term}")
    for term in (uuid4(), order[:8]):
        assert f"{order}/change/" not in body(admin, f"{url}?q={term}")


def test_it_shows_what_the_json_of_an_order_leaves_out(admin, order):
    shown = body(admin, "/admin/orders/orderdetail/")
    assert '<td class="field-status">pending</td>' in shown
    assert "2026-01-02 03:04:05.678 UTC" in shown
    shown = body(admin, f"/admin/orders/orderdetail/{order}/change/")
    assert escape('"customer_id": ') in shown


def test_it_tells_live_tables_from_those_that_are_kept(admin, order):
    rebuilds.rebuild("order_summary")
    shown = body(admin, "/admin/projections/checkpoint/")
    assert shown.count('/change/">order_summary</a>') == 2
    assert shown.count("</span> resting</span>") == 1
    audited = body(admin, "/admin/projections/auditentry/")
    assert "started" in audited
    assert "finished" in audited


def test_it_shows_the_failure_of_a_projection(admin, order):
    failure = {"category": "handler", "error": "KeyError: 'x'", "traceback": "<here>"}
    found = Checkpoint.objects.get(projection="order_detail")
    Checkpoint.objects.filter(pk=found.pk).update(
        state="faulted", failures=3, failure=failure
    )
    shown = body(admin, "/admin/projections/checkpoint/")
    assert "state faulted" in shown
    assert "</span> faulted</span>" in shown
    shown = body(admin, f"/admin/projections/checkpoint/{found.pk}/change/")
    assert escape("KeyError: 'x'") in shown
    assert "<pre tabindex='0'>&lt;here&gt;</pre>" in shown


@pytest.mark.parametrize(
    "path",
    [
        "eventstore/event/1",
        "eventstore/stream/1",
        "orders/ordersummary/{order}",
        "orders/orderdetail/{order}",
        "orders/ordersales/{order}",
    ],
)
def test_it_changes_nothing(admin, order, path):
    url = f"/admin/{path.format(order=order)}"
    assert admin.post(f"{url}/change/", {}).status_code == 403
    assert admin.post(f"{url}/delete/", {"post": "yes"}).status_code == 403


def test_it_shows_people_a_page_and_programs_a_problem(client):
    page = client.get("/nowhere/<b>")
    assert page.status_code == 404
    assert page["Content-Type"].startswith("text/html")
    assert 'href="/"' in page.content.decode()
    assert "<b>" not in page.content.decode()
    problem = client.get("/api/v1/nowhere")
    assert problem.status_code == 404
    assert problem["Content-Type"] == "application/problem+json"


def test_it_answers_for_the_icon_that_browsers_ask_for(client):
    assert client.get("/favicon.ico")["Location"] == "/static/favicon.svg"
