"""Search over HTTP: what finds an order, what comes first, filters and pages."""

import csv
from typing import Any
from urllib.parse import urlsplit

import pytest

from api import cursors
from orders import found
from orders.projections.order_search import OrderSearch
from projections import actors, control
from tests.integration.orders.reading import ORDERS, Reader, project
from tests.integration.orders.shop import ADDRESS, LINE, Shop, assert_problem

TEAPOT = {**LINE, "sku": "POT-22", "name": "Émaille Teapot, blue"}
WANTED = {
    "customer_id": "CUST-0815",
    "external_reference": "Web 18/15",
    "lines": [TEAPOT, {**LINE, "sku": "85123A", "name": "Women's mug"}],
    "shipping_address": {**ADDRESS, "name": "Zoë Müller", "city": "Łódź"},
    "note": "Please ring the doorbell twice",
}


@pytest.fixture
def wanted(shop: Shop) -> str:
    """The one order that is looked for; there is another one that is not."""
    order_id = shop.confirmed(**WANTED)
    parcel = {"carrier": "DHL", "tracking_number": "JD014600003SE"}
    assert shop.change(order_id, "ship", parcel).status_code == 200
    note = {"text": "Crème brûlée was broken"}
    assert shop.change(order_id, "add-note", note).status_code == 200
    shop.place(external_reference="OTHER-1", note="nothing in particular")
    project()
    return order_id


@pytest.mark.parametrize(
    "q",
    [
        "CUST-0815",
        "cust-0815",
        "0815",
        "web 18/15",
        "18/15",
        "85123a",
        "pot-22",
        "JD014600003SE",
        "jd0146",
        "teapot",
        "TEAP",
        "emaille",
        "Émaille",
        "zoe muller",
        "Müller Zoë",
        "lodz",
        "ŁÓDŹ",
        "womens",
        "women's",
        "doorbell ring",
        "creme brulee",
        "teapto",  # swapped
        "tepot",  # left out
        "teappot",  # put in
        "reapot",  # exchanged
        "doorbbeell",  # two off
        "blue teapto lodz",
        "teapot-blue",
        "' - 'teapot & blue",
        "eapot",
    ],
)
def test_it_finds_an_order_by(reader: Reader, wanted: str, q: str) -> None:
    assert reader.found(q=q) == [wanted]


def test_it_finds_an_order_by_its_id(reader: Reader, wanted: str) -> None:
    assert reader.found(q=wanted) == [wanted]
    assert reader.found(q=wanted.upper()) == [wanted]


@pytest.mark.parametrize(
    "q",
    [
        "kettle",
        "teapot kettle",
        "JD014600003SF",  # numbers are not corrected
        "te",  # begins a word, and is too short for it
        "!!",
        "\\",
        "kettle | teapot",
        "ring:*A & !once",
        "teapot') OR (true",
    ],
)
def test_it_does_not_find_what_is_not_asked_for(
    reader: Reader, wanted: str, q: str
) -> None:
    assert reader.found(q=q) == []


def test_it_corrects_no_word_that_an_order_has(shop: Shop, reader: Reader) -> None:
    mugs = shop.place(lines=[{**LINE, "name": "Mugs"}])
    rugs = shop.place(lines=[{**LINE, "name": "Rugs"}])
    project()
    assert reader.found(q="mugs") == [mugs]
    assert reader.found(q="rugs") == [rugs]
    assert set(reader.found(q="tugs")) == {mugs, rugs}


def test_it_does_not_correct_to_words_that_no_order_has_any_more(
    shop: Shop, reader: Reader
) -> None:
    gone = shop.place(lines=[LINE, {**LINE, "name": "Rattle"}])
    there = shop.place(lines=[LINE, {**LINE, "name": "Settle"}])
    project()
    assert reader.found(q="rettle") == [there, gone]
    shop.change(gone, "remove-line", {"line_id": 2})
    project()
    assert reader.found(q="rettle") == [there]
    assert reader.found(q="rattle") == []


def test_it_shows_what_matters_most_first(shop: Shop, reader: Reader) -> None:
    kettle = [{**LINE, "name": "Kettle"}]
    by_reference = shop.place(external_reference="kettle")
    by_name = shop.place(lines=kettle)
    by_note = shop.place(note="with the kettle")
    by_customer = shop.place(customer_id="KETTLE", note="kettle")
    by_later_name = shop.place(lines=kettle, note="kettle")
    by_later_note = shop.place(note="a kettle")
    project()
    expected = [by_customer, by_reference, by_later_name, by_name]
    expected += [by_later_note, by_note]
    assert reader.found(q="kettle") == expected
    for limit in (1, 2, 3, 5):
        assert list(walk(reader, {"q": "kettle", "limit": limit})) == expected


def test_it_keeps_to_an_ordering_that_is_asked_for(shop: Shop, reader: Reader) -> None:
    placed = [
        shop.place(note="kettle"),
        shop.place(external_reference="kettle"),
        shop.place(lines=[{**LINE, "name": "Kettle"}]),
    ]
    project()
    query = {"q": "kettle", "limit": 1, "ordering": "placed_at"}
    assert list(walk(reader, query)) == placed
    query["ordering"] = "-placed_at"
    assert list(walk(reader, query)) == placed[::-1]


@pytest.mark.parametrize("ordering", [None, "placed_at", "-total"])
@pytest.mark.parametrize("selective", [0, 3, 1_000])
def test_it_finds_all_orders_however_it_looks_for_them(
    shop: Shop,
    reader: Reader,
    monkeypatch: pytest.MonkeyPatch,
    ordering: str | None,
    selective: int,
) -> None:
    monkeypatch.setattr(found, "FIRST_LOOK", 2)
    monkeypatch.setattr(found, "NEXT_LOOK", 3)
    monkeypatch.setattr(found, "SELECTIVE", selective)
    ways: Any = [{"note": "mug"}, {}, {"external_reference": "mug"}, {}, {}]
    placed = [
        shop.place(**ways[n % 5], lines=[{**LINE, "quantity": 2 + n % 7}])
        for n in range(16)
    ]
    wanted = {id for n, id in enumerate(placed) if ways[n % 5]}
    project()
    query: dict[str, Any] = {"q": "mug"} | ({"ordering": ordering} if ordering else {})
    for limit in (1, 3, 200):
        seen = list(walk(reader, {**query, "limit": limit}))
        assert len(seen) == len(wanted)
        assert set(seen) == wanted
    if ordering:
        listed = [id for id in reader.found(ordering=ordering) if id in wanted]
        assert seen == listed


def test_it_exports_what_is_found_in_the_same_order(
    shop: Shop, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursors, "WALKED_AT_ONCE", 2)
    kettle = [{**LINE, "name": "Kettle"}]
    for _ in range(3):
        shop.place(lines=kettle)
        shop.place(note="kettle")
        shop.place(external_reference="kettle")
        shop.place()
    project()
    expected = reader.found(q="kettle")
    assert len(expected) == 9
    answer = reader.get(ORDERS, {"q": "kettle", "format": "csv"})
    text = b"".join(answer.streaming_content).decode()
    rows = csv.DictReader(text.splitlines())
    assert [each["order_id"] for each in rows] == expected


def test_it_shows_each_order_once_while_others_come(shop: Shop, reader: Reader) -> None:
    names: Any = [{"external_reference": "mug"}, {}, {"note": "mug"}]
    lines = [{**LINE, "name": "Mug"}]
    placed = [shop.place(lines=lines, **names[n % 2]) for n in range(6)]
    placed += [shop.place(**names[2]) for _ in range(3)]
    project()
    seen = []
    for order_id in walk(reader, {"q": "mug", "limit": 2}):
        seen.append(order_id)
        shop.place(external_reference="mug")
        shop.change(placed[0], "add-note", {"text": "changed"})
        project()
    assert sorted(seen) == sorted(placed)


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"status": "confirmed"}, True),
        ({"status": "pending"}, False),
        ({"customer_id": "CUST-0815", "sku": "POT-22", "country": "GB"}, True),
        ({"customer_id": "cust-0815"}, False),
        ({"min_total": "100.00", "fulfillment_status": "shipped"}, True),
        ({"min_total": "100.01"}, False),
        ({"placed_before": "2000-01-01T00:00:00Z"}, False),
        ({"currency": "EUR", "ordering": "total"}, True),
    ],
)
def test_it_combines_with_every_filter(
    reader: Reader, wanted: str, query: dict[str, str], is_found: bool
) -> None:
    assert reader.found(q="teapot", **query) == ([wanted] if is_found else [])


@pytest.mark.parametrize("q", ["", " ", "\t", "'", "x" * 201, "a\0b"])
def test_it_refuses_a_search_for_nothing_or_too_much(reader: Reader, q: str) -> None:
    problem = assert_problem(reader.get(ORDERS, {"q": q}), 422, "invalid")
    assert {each["pointer"] for each in problem["errors"]} == {"/q"}


@pytest.mark.parametrize(
    "q", ["ﷺ" * 200, "a b " * 50, "'\\" * 100, "x y" * 60, "\ud7ff\uffff", "%_%"]
)
def test_it_answers_whatever_is_asked(reader: Reader, wanted: str, q: str) -> None:
    assert reader.found(q=q) == []


def test_it_waits_for_a_write_that_the_search_lacks(shop: Shop, reader: Reader) -> None:
    order_id = shop.place()
    project()
    control.pause("order_search", actor=actors.program("tests"), reason="")
    note = shop.change(order_id, "add-note", {"text": "fragile"})
    project()
    headers = {"Consistency_Token": note["Consistency-Token"], "Prefer": "wait=0"}
    assert reader.get(ORDERS, **headers).status_code == 200
    answer = reader.get(ORDERS, {"q": "fragile"}, **headers)
    assert_problem(answer, 503, "read-model-behind")
    assert reader.get(ORDERS, {"q": "fragile"})["Read-Position"] == "1"
    control.resume("order_search", actor=actors.program("tests"), reason="")
    project()
    answer = reader.get(ORDERS, {"q": "fragile"}, **headers)
    assert answer.json()["data"][0]["order_id"] == order_id
    assert answer["Read-Position"] == "2"


def test_it_says_how_many_orders_it_may_lack(
    shop: Shop, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(OrderSearch, "fold", failing)
    shop.place()
    project()
    assert reader.get(ORDERS, {"q": "tea"})["Parked-Orders"] == "1"
    assert "Parked-Orders" not in reader.get(ORDERS)


def walk(reader: Reader, query: dict[str, Any]) -> Any:
    """The ids of all pages, one after the other; of at most 100 pages."""
    page = reader.page(query)
    for _ in range(100):
        yield from (each["order_id"] for each in page["data"])
        if page["next"] is None:
            return
        following = urlsplit(page["next"])
        page = reader.get(f"{following.path}?{following.query}").json()
    pytest.fail("the pages do not end")
