"""The OpenAPI document says what queries of products and customers take and answer."""

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from orders.web import products
from tests.integration.orders.reading import Reader, project
from tests.integration.orders.shop import LINE, Shop
from tests.integration.orders.test_queries_openapi import (
    examples,
    lived_through,
    parameters,
    response,
    validate,
    validate_answer,
)

PRODUCTS = "/api/v1/queries/products"
PRODUCT = f"{PRODUCTS}/{{sku}}"
TOGETHER = f"{PRODUCT}/bought-with"
CUSTOMER = "/api/v1/queries/customers/{customer_id}"
ALL = [PRODUCTS, PRODUCT, TOGETHER, CUSTOMER]
UNKNOWN = {
    PRODUCT: "unknown-product",
    TOGETHER: "unknown-product",
    CUSTOMER: "unknown-customer",
}


@pytest.fixture(scope="module")
def document() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)


def ask(reader: Reader, path: str, query: Any = None, **headers: str) -> Any:
    url = path.format(sku="TEA", customer_id="customer-1")
    return reader.get(url, query, **headers)


@pytest.mark.parametrize("path", ALL)
def test_it_answers_in_the_shape_described(
    shop: Shop, reader: Reader, document: Any, path: str
) -> None:
    lived_through(shop)
    shop.place(lines=[LINE, {**LINE, "sku": "CUP", "unit_price": "0.001"}])
    shop.place(currency="USD")
    project()
    answer = ask(reader, path, {"limit": 1} if path in (PRODUCTS, TOGETHER) else None)
    assert answer.status_code == 200
    validate_answer(answer, document, path)


@pytest.mark.parametrize(
    ("path", "query", "headers", "status"),
    [
        *((path, {"colour": "red"}, {}, 422) for path in ALL),
        *((path, None, {"Authorization": ""}, 401) for path in ALL),
        *((path, None, {"Consistency_Token": "x"}, 400) for path in ALL),
        *((path, None, {}, 404) for path in UNKNOWN),
        (PRODUCTS, {"currency": "EURO"}, {}, 422),
        (PRODUCTS, {"cursor": "forged"}, {}, 400),
    ],
)
def test_it_describes_its_problems(
    reader: Reader,
    document: Any,
    path: str,
    query: Any,
    headers: dict[str, str],
    status: int,
) -> None:
    answer = ask(reader, path, query, **headers)
    assert answer.status_code == status
    validate_answer(answer, document, path)
    codes = {each["code"] for each in examples(response(document, path, status))}
    assert answer.json()["code"] in codes


@pytest.mark.parametrize("path", ALL)
def test_its_examples_are_valid_answers(document: Any, path: str) -> None:
    found = 0
    for described in document["paths"][path]["get"]["responses"].values():
        for example in examples(described):
            validate(example, document, described)
            found += 1
    assert found > 10


@pytest.mark.parametrize(
    ("path", "own"),
    [
        (PRODUCTS, {"ordering", "currency", "limit", "cursor"}),
        (PRODUCT, set()),
        (TOGETHER, {"limit"}),
        (CUSTOMER, set()),
    ],
)
def test_it_describes_the_parameters_it_takes(
    document: Any, path: str, own: set[str]
) -> None:
    assert set(parameters(document, path, "query")) == own
    headers = {"Consistency-Token", "Prefer", "X-Request-ID"}
    assert set(parameters(document, path, "header")) == headers
    in_path = parameters(document, path, "path").values()
    assert all(each["description"] for each in in_path)


def test_it_describes_the_orderings_and_the_usual_one(document: Any) -> None:
    schema = parameters(document, PRODUCTS, "query")["ordering"]["schema"]
    assert set(schema["enum"]) == set(products.ORDERINGS)
    assert schema["default"] == products.MOST_FIRST
