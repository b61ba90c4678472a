"""All that is wrong with the parameters of a query is said in one answer."""

from uuid import uuid4

import pytest

from tests.integration.orders import shop as shops
from tests.integration.orders.shop import assert_problem

Q = "/api/v1/queries"
OPS = "/api/v1/ops"
ALL = ("orders:read", "events:read", "ops:read")
# Path, and what is wrong in it: a parameter, its value, the code of its fault.
CASES = [
    (
        f"{Q}/orders",
        [
            ("min_total", "abc", "invalid"),
            ("limit", "9999", "out-of-range"),
            ("status", "lost", "invalid"),
            ("placed_after", "yesterday", "invalid"),
            ("ordering", "colour", "unknown-choice"),
            ("format", "xml", "unknown-choice"),
            ("colour", "red", "unknown-parameter"),
            ("customer_id", "", "blank"),
            ("currency", "0.5", "invalid"),
        ],
    ),
    (
        f"{Q}/orders/{uuid4()}",
        [
            ("at_version", "0", "out-of-range"),
            ("as_of", "now", "excluded"),
            ("colour", "red", "unknown-parameter"),
        ],
    ),
    (
        f"{Q}/orders/{uuid4()}/events",
        [
            ("limit", "0", "out-of-range"),
            ("stored", "yes", "unknown-choice"),
            ("colour", "red", "unknown-parameter"),
        ],
    ),
    (
        f"{Q}/products",
        [
            ("limit", "0", "out-of-range"),
            ("currency", "euro", "invalid"),
            ("ordering", "colour", "unknown-choice"),
            ("colour", "red", "unknown-parameter"),
        ],
    ),
    (
        f"{Q}/products/TEA/bought-with",
        [("limit", "0", "out-of-range"), ("colour", "red", "unknown-parameter")],
    ),
    (
        f"{Q}/sales/daily",
        [
            ("from", "monday", "invalid"),
            ("to", "friday", "invalid"),
            ("currency", "EURO", "invalid"),
            ("format", "xml", "unknown-choice"),
            ("colour", "red", "unknown-parameter"),
        ],
    ),
    (
        f"{Q}/sales/funnel",
        [("from", "monday", "invalid"), ("colour", "red", "unknown-parameter")],
    ),
    (
        f"{Q}/events",
        [
            ("after", "-1", "out-of-range"),
            ("limit", "0", "out-of-range"),
            ("type", "OrderLost", "unknown-choice"),
            ("stream", "nobody-1", "unknown-stream-type"),
            ("personal", "maybe", "unknown-choice"),
            ("stored", "maybe", "unknown-choice"),
            ("colour", "red", "unknown-parameter"),
        ],
    ),
    (
        f"{OPS}/audit",
        [
            ("limit", "0", "out-of-range"),
            ("action", "a" * 51, "invalid"),
            ("colour", "red", "unknown-parameter"),
        ],
    ),
]


@pytest.mark.parametrize(("path", "wrong"), CASES, ids=lambda each: str(each)[:40])
def test_it_tells_every_fault_at_once(database, path, wrong):
    reader = shops.Shop(scopes=ALL).http
    answer = reader.get(path, {name: value for name, value, _ in wrong})
    problem = assert_problem(answer, 422, "invalid")
    told = {(each["pointer"], each["code"]) for each in problem["errors"]}
    assert told == {(f"/{name}", code) for name, _, code in wrong}
    assert len(problem["errors"]) == len(wrong)


def test_a_parameter_that_is_said_twice_has_one_fault_beside_the_others(database):
    reader = shops.Shop(scopes=ALL).http
    problem = assert_problem(
        reader.get(f"{Q}/orders?limit=0&limit=1&min_total=x"), 422, "invalid"
    )
    told = {(each["pointer"], each["code"]) for each in problem["errors"]}
    assert told == {("/limit", "repeated-parameter"), ("/min_total", "invalid")}
