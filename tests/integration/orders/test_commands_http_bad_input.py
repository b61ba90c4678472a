"""Whatever is sent: a documented error, never a 500, and nothing is stored."""

import pytest

from tests.integration.orders.shop import (
    ADDRESS,
    LINE,
    ORDERS,
    assert_problem,
    order,
    stored_events,
)


def line(**changes):
    return [{**LINE, **changes}]


def address(**changes):
    return {**ADDRESS, **changes}


MALFORMED = {
    "cut off": b'{"customer_id": "c',
    "trailing garbage": b"{} {}",
    "NaN": b'{"lines": [{"unit_price": NaN}]}',
    "Infinity": b'{"lines": [{"unit_price": -Infinity}]}',
    "huge number": b'{"lines": [{"quantity": 1' + b"0" * 400 + b"}]}",
    "number out of range": b'{"lines": [{"quantity": 1e400}]}',
    "duplicate member": b'{"currency": "EUR", "currency": "USD"}',
    "NUL byte": b'{"customer_id": "a\x00b"}',
    "invalid UTF-8": b'{"customer_id": "\xff\xfe"}',
    "lone surrogate": rb'{"customer_id": "\ud800"}',
    "surrogate in a name": rb'{"\udc00": 1}',
    "deep nesting": b'{"lines": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "not JSON": b"customer_id=1",
}

# Changes to a good order, and the fault that is reported for them.
FAULTS = {
    "quantity 0": ({"lines": line(quantity=0)}, "/lines/0/quantity", "too-small"),
    "quantity -1": ({"lines": line(quantity=-1)}, "/lines/0/quantity", "too-small"),
    "quantity 10^9": (
        {"lines": line(quantity=10**9)},
        "/lines/0/quantity",
        "too-large",
    ),
    "quantity 10^60": (
        {"lines": line(quantity=10**60)},
        "/lines/0/quantity",
        "too-large",
    ),
    "quantity 1.0": (
        {"lines": line(quantity=1.0)},
        "/lines/0/quantity",
        "invalid-type",
    ),
    "quantity text": (
        {"lines": line(quantity="1")},
        "/lines/0/quantity",
        "invalid-type",
    ),
    "quantity true": (
        {"lines": line(quantity=True)},
        "/lines/0/quantity",
        "invalid-type",
    ),
    "channel a text": ({"channel": "web"}, "/channel", "invalid-type"),
    "channel without kind": ({"channel": {}}, "/channel/kind", "required"),
    "channel of another kind": (
        {"channel": {"kind": "fax"}},
        "/channel/kind",
        "unknown-choice",
    ),
    "channel of an import": (
        {"channel": {"kind": "import"}},
        "/channel/kind",
        "unknown-choice",
    ),
    "channel with an empty name": (
        {"channel": {"kind": "web", "name": ""}},
        "/channel/name",
        "blank",
    ),
    "channel with more": (
        {"channel": {"kind": "web", "shop": "Bath"}},
        "/channel/shop",
        "unknown-field",
    ),
    "price number": ({"lines": line(unit_price=5)}, "/lines/0/unit_price", "is-number"),
    "price fraction": (
        {"lines": line(unit_price=5.25)},
        "/lines/0/unit_price",
        "is-number",
    ),
    "price of 5 decimals": (
        {"lines": line(unit_price="1.00001")},
        "/lines/0/unit_price",
        "too-precise",
    ),
    "negative price": (
        {"lines": line(unit_price="-0.01")},
        "/lines/0/unit_price",
        "negative",
    ),
    "price of 15 digits": (
        {"lines": line(unit_price="1" + "0" * 14)},
        "/lines/0/unit_price",
        "too-large",
    ),
    "price NaN": (
        {"lines": line(unit_price="NaN")},
        "/lines/0/unit_price",
        "not-decimal",
    ),
    "price 1e3": (
        {"lines": line(unit_price="1e3")},
        "/lines/0/unit_price",
        "not-decimal",
    ),
    "NUL in a text": ({"customer_id": "a\x00b"}, "/customer_id", "control-character"),
    "NUL in a line": (
        {"lines": line(name="\x00")},
        "/lines/0/name",
        "control-character",
    ),
    "line feed": (
        {"shipping_address": address(city="a\nb")},
        "/shipping_address/city",
        "control-character",
    ),
    "control character in a note": ({"note": "a\x1bb"}, "/note", "control-character"),
    "empty id": ({"customer_id": ""}, "/customer_id", "blank"),
    "long id": ({"customer_id": "x" * 65}, "/customer_id", "too-long"),
    "long sku": ({"lines": line(sku="x" * 65)}, "/lines/0/sku", "too-long"),
    "long name": ({"lines": line(name="x" * 201)}, "/lines/0/name", "too-long"),
    "long note": ({"note": "x" * 2001}, "/note", "too-long"),
    "long country": (
        {"shipping_address": address(country="x" * 65)},
        "/shipping_address/country",
        "too-long",
    ),
    "long reference": (
        {"external_reference": "x" * 65},
        "/external_reference",
        "too-long",
    ),
    "number for a text": ({"customer_id": 7}, "/customer_id", "invalid-type"),
    "lines as object": ({"lines": {"0": LINE}}, "/lines", "invalid-type"),
    "line as text": ({"lines": ["TEA"]}, "/lines/0", "invalid-type"),
    "line null": ({"lines": [None]}, "/lines/0", "null"),
    "address as text": (
        {"shipping_address": "Bath"},
        "/shipping_address",
        "invalid-type",
    ),
    "no such currency": ({"currency": "XXX"}, "/currency", "unknown-currency"),
    "currency in small letters": ({"currency": "eur"}, "/currency", "unknown-currency"),
    "order id": ({"order_id": "7"}, "/order_id", "not-uuid"),
    "unknown member": ({"colour": "red"}, "/colour", "unknown-field"),
    "unknown member in a line": (
        {"lines": line(line_id=1)},
        "/lines/0/line_id",
        "unknown-field",
    ),
    "escaped pointer": ({"a/b~c": 1}, "/a~1b~0c", "unknown-field"),
    "missing customer": ({"customer_id": None}, "/customer_id", "required"),
    "missing lines": ({"lines": None}, "/lines", "required"),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=list(MALFORMED))
def test_it_refuses_malformed_json(shop, body):
    assert_problem(shop.post(ORDERS, body), 400, "malformed-json")
    assert stored_events() == 0


@pytest.mark.parametrize(
    ("changes", "pointer", "code"), FAULTS.values(), ids=list(FAULTS)
)
def test_it_points_to_the_fault(shop, changes, pointer, code):
    problem = assert_problem(shop.post(ORDERS, order(**changes)), 422, "invalid")
    assert [(f["pointer"], f["code"]) for f in problem["errors"]] == [(pointer, code)]
    assert problem["errors"][0]["detail"]
    assert stored_events() == 0


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"7", b"null", b"true"])
def test_it_refuses_a_body_that_is_no_object(shop, body):
    problem = assert_problem(shop.post(ORDERS, body), 422, "invalid")
    assert [fault["pointer"] for fault in problem["errors"]] == [""]


def test_it_reports_every_fault_at_once(shop):
    body = {
        "currency": "euro",
        "lines": [LINE, {**LINE, "quantity": 0, "unit_price": 1.5}, {"sku": "\x07"}],
        "shipping_address": {"name": "", "planet": "Earth"},
        "note": "x" * 2001,
        "surprise": 1,
    }
    problem = assert_problem(shop.post(ORDERS, body), 422, "invalid")
    assert {(f["pointer"], f["code"]) for f in problem["errors"]} == {
        ("/customer_id", "required"),
        ("/currency", "unknown-currency"),
        ("/lines/1/quantity", "too-small"),
        ("/lines/1/unit_price", "is-number"),
        ("/lines/2/sku", "control-character"),
        ("/lines/2/name", "required"),
        ("/lines/2/quantity", "required"),
        ("/lines/2/unit_price", "required"),
        ("/shipping_address/name", "blank"),
        ("/shipping_address/line1", "required"),
        ("/shipping_address/city", "required"),
        ("/shipping_address/country", "required"),
        ("/shipping_address/planet", "unknown-field"),
        ("/note", "too-long"),
        ("/surprise", "unknown-field"),
    }
    assert problem["detail"] == "The request has 15 faults."
    assert stored_events() == 0


def test_it_reports_every_fault_of_2000_lines(shop):
    wrong = {**LINE, "quantity": 0, "unit_price": 1}
    problem = assert_problem(
        shop.post(ORDERS, order(lines=[wrong] * 2000)), 422, "invalid"
    )
    assert len(problem["errors"]) == 4000
    assert problem["errors"][-1]["pointer"].startswith("/lines/1999/")


# Bodies of changes: word, body, pointer, code.
CHANGES = [
    ("add-line", {**LINE, "quantity": 0}, "/quantity", "too-small"),
    ("change-line-quantity", {"line_id": 0, "quantity": 1}, "/line_id", "too-small"),
    (
        "change-line-quantity",
        {"line_id": 1, "quantity": "1"},
        "/quantity",
        "invalid-type",
    ),
    ("remove-line", {"line_id": 2**31}, "/line_id", "too-large"),
    ("remove-line", {}, "/line_id", "required"),
    (
        "change-shipping-address",
        {"shipping_address": {**ADDRESS, "city": " "}},
        "/shipping_address/city",
        "blank",
    ),
    ("add-note", {"text": ""}, "/text", "blank"),
    ("add-note", {"text": "a\x00"}, "/text", "control-character"),
    ("confirm", {"force": True}, "/force", "unknown-field"),
    (
        "capture-payment",
        {"amount": "0.00", "method": "card", "reference": "r"},
        "/amount",
        "zero",
    ),
    (
        "capture-payment",
        {"amount": "-1", "method": "card", "reference": "r"},
        "/amount",
        "negative",
    ),
    (
        "record-payment-failure",
        {"amount": "1", "method": "card", "reason": "x" * 501},
        "/reason",
        "too-long",
    ),
    (
        "ship",
        {"carrier": "DHL", "tracking_number": "T", "lines": [{"line_id": 1}]},
        "/lines/0/quantity",
        "required",
    ),
    ("mark-delivered", {"shipment_id": 1.0}, "/shipment_id", "invalid-type"),
    ("record-delivery-failure", {"shipment_id": 1}, "/reason", "required"),
    ("cancel", {"reason": "a\nb"}, "/reason", "control-character"),
    (
        "cancel-lines",
        {"lines": [{"line_id": 1, "quantity": 10**7}], "reason": "r"},
        "/lines/0/quantity",
        "too-large",
    ),
    ("expire", {"at": "now"}, "/at", "unknown-field"),
    ("return-lines", {"lines": [7], "reason": "r"}, "/lines/0", "invalid-type"),
    ("refund", {"amount": "0", "reason": "r"}, "/amount", "zero"),
]


@pytest.mark.parametrize(("word", "body", "pointer", "code"), CHANGES)
def test_it_points_to_the_fault_of_a_change(shop, word, body, pointer, code):
    order_id = shop.place()
    problem = assert_problem(shop.change(order_id, word, body), 422, "invalid")
    assert [(f["pointer"], f["code"]) for f in problem["errors"]] == [(pointer, code)]
    assert stored_events() == 1


@pytest.mark.parametrize(
    "order_id",
    [
        "018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f10",
        "7",
        "018f7a5e7c3b7d649c553a1c9f3a2f10",
        "order-018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f10",
        "%00",
        "%ff",
        "'; DROP TABLE x",
        "x" * 2000,
    ],
)
def test_an_order_that_does_not_exist_is_unknown(shop, order_id):
    assert_problem(shop.change(order_id, "confirm"), 404, "unknown-order")
    assert stored_events() == 0


@pytest.mark.parametrize("url", [f"{ORDERS}/", f"{ORDERS}/x/y", f"{ORDERS}/x/confirm/"])
def test_other_urls_do_not_exist(shop, url):
    assert_problem(shop.post(url), 404, "not-found")


def test_commands_are_posted(shop):
    response = shop.http.get(ORDERS)
    assert_problem(response, 405, "method-not-allowed")
    assert response["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 3 * 1024 * 1024])
def test_it_refuses_a_body_above_one_mebibyte(shop, size):
    problem = assert_problem(shop.post(ORDERS, b" " * size), 413, "too-large")
    assert problem["max_bytes"] == 1024 * 1024


def test_it_reads_json_only(shop):
    response = shop.http.post(ORDERS, {"customer_id": "x"})
    assert_problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "if_match", ["1", "*", 'W/"1"', '"1", "2"', '"0"', '"-1"', '"x"', '""', '"01"', ""]
)
def test_if_match_takes_one_strong_version_only(shop, if_match):
    order_id = shop.place()
    response = shop.change(order_id, "confirm", If_Match=if_match)
    assert_problem(response, 400, "bad-if-match")
    assert stored_events() == 1
