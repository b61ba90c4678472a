"""The OpenAPI document says what the query endpoints take and answer."""

import copy
import json
from typing import Any
from uuid import uuid4

import django_filters
import jsonschema
import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from api import times
from orders import filters
from orders.filters import OrderFilter
from orders.web import queries
from tests.integration.orders.reading import ORDERS, Reader, project
from tests.integration.orders.shop import ADDRESS, LINE, Shop, assert_problem

ORDER = f"{ORDERS}/{{order_id}}"
EVENTS = f"{ORDER}/events"
FORMATS = jsonschema.FormatChecker()
# Headers that some answers of an endpoint have.
SOMETIMES = {"Parked-Orders", "X-Cache", "Warning", "RateLimit"}


@FORMATS.checks("date-time", raises=ValueError)
def is_time(text: Any) -> bool:
    return not isinstance(text, str) or bool(times.parse(text))


@pytest.fixture(scope="module")
def document() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)


def parameters(document: Any, path: str, place: str) -> dict[str, Any]:
    described = document["paths"][path]["get"]["parameters"]
    return {each["name"]: each for each in described if each["in"] == place}


def response(document: Any, path: str, status: int) -> Any:
    return document["paths"][path]["get"]["responses"][str(status)]


def examples(response: Any) -> list[Any]:
    return [each["value"] for each in content_of(response)["examples"].values()]


def content_of(response: Any) -> Any:
    """What is described of a JSON answer."""
    (content,) = (
        content
        for media_type, content in response["content"].items()
        if media_type.endswith("json")
    )
    return content


def validate(value: Any, document: Any, described: Any) -> None:
    """Fails for members that the response's schema does not name, too."""
    content = content_of(described)
    components = copy.deepcopy(document["components"])
    for schema in components["schemas"].values():
        if schema.get("type") == "object":
            schema["additionalProperties"] = False
    schema = {**content["schema"], "components": components}
    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    validator(schema, format_checker=FORMATS).validate(value)


def validate_answer(answer: Any, document: Any, path: str) -> None:
    described = response(document, path, answer.status_code)
    assert answer["Content-Type"] in described["content"]
    # Parked-Orders comes only while orders are held.
    assert set(described["headers"]) - SOMETIMES <= set(answer.headers)
    validate(json.loads(answer.content), document, described)


def lived_through(shop: Shop) -> str:
    """An order with every part that an order can have."""
    order_id = shop.confirmed(
        external_reference="WEB-1",
        note="ring\ntwice",
        lines=[LINE, {**LINE, "unit_price": "0.0125"}],
        shipping_address={
            **ADDRESS,
            "line2": "Flat 2",
            "region": "Somerset",
            "postal_code": "BA1",
        },
    )
    part = [{"line_id": 1, "quantity": 2}]
    parcel = {"carrier": "DHL", "tracking_number": "T-1"}
    card = {"amount": "20.00", "method": "card", "reference": "p-1"}
    for word, body in (
        ("capture-payment", card),
        ("ship", {**parcel, "lines": part}),
        ("record-delivery-failure", {"shipment_id": 1, "reason": "away"}),
        ("mark-delivered", {"shipment_id": 1}),
        ("ship", {**parcel, "lines": part}),
        ("cancel-lines", {"lines": part, "reason": "sold out"}),
        ("return-lines", {"lines": part, "reason": "torn"}),
        ("refund", {"amount": "0.0625", "reason": "torn"}),
    ):
        answer = shop.change(order_id, word, body)
        assert answer.status_code == 200, answer.content
    return order_id


def test_it_is_described_without_a_warning(tmp_path: Any) -> None:
    file = tmp_path / "schema.yaml"
    call_command(
        "spectacular", fail_on_warn=True, validate=True, api_version="", file=str(file)
    )
    assert "listOrders" in file.read_text()


def test_it_gives_every_operation_an_id_of_its_own(document: Any) -> None:
    ids = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    ]
    assert len(ids) == len(set(ids))
    assert {"listOrders", "getOrder"} <= set(ids)


def test_it_answers_orders_in_the_shape_described(
    shop: Shop, reader: Reader, document: Any
) -> None:
    for order_id in (lived_through(shop), shop.place()):
        project()
        answer = reader.order(order_id)
        assert answer.status_code == 200
        validate_answer(answer, document, ORDER)


def test_it_shows_every_part_of_an_order_to_that_check(
    shop: Shop, reader: Reader
) -> None:
    order_id = lived_through(shop)
    project()
    order = reader.order(order_id).json()
    parts = ("lines", "payments", "refunds", "shipments", "notes")
    assert all(order[part] for part in parts)
    delivered, sent = order["shipments"]
    assert delivered["delivered_at"]
    assert delivered["failures"]
    assert sent["delivered_at"] is None
    assert len(order["shipping_address"]) == 7


def test_it_answers_lists_in_the_shape_described(
    shop: Shop, reader: Reader, document: Any
) -> None:
    lived_through(shop)
    shop.place()
    project()
    for limit, more in ((1, True), (2, False)):
        answer = reader.get(ORDERS, {"limit": limit})
        page = answer.json()
        assert (len(page["data"]), page["next"] is not None) == (limit, more)
        validate_answer(answer, document, ORDERS)


def test_it_answers_orders_as_they_were_in_the_shape_described(
    shop: Shop, reader: Reader, document: Any
) -> None:
    order_id = lived_through(shop)
    for query in ({"at_version": 5}, {"as_of": "2999-01-01T00:00:00Z"}):
        answer = reader.get(f"{ORDERS}/{order_id}", query)
        assert answer.status_code == 200
        validate_answer(answer, document, ORDER)
    for query, code in (
        ({"at_version": 99}, "unknown-version"),
        ({"as_of": "2000-01-01T00:00:00Z"}, "not-placed-yet"),
    ):
        answer = reader.get(f"{ORDERS}/{order_id}", query)
        assert_problem(answer, 404, code)
        validate_answer(answer, document, ORDER)
        assert code in {
            each["code"] for each in examples(response(document, ORDER, 404))
        }


def test_it_answers_events_in_the_shape_described(
    shop: Shop, reader: Reader, document: Any
) -> None:
    order_id = lived_through(shop)
    for limit, more in ((1, True), (200, False)):
        answer = reader.get(f"{ORDERS}/{order_id}/events", {"limit": limit})
        assert (answer.json()["next"] is not None) == more
        validate_answer(answer, document, EVENTS)


def test_it_describes_the_answer_without_a_body(
    shop: Shop, reader: Reader, document: Any
) -> None:
    order_id = shop.place()
    project()
    answer = reader.order(order_id, If_None_Match='"1"')
    described = response(document, ORDER, 304)
    assert answer.status_code == 304
    assert "content" not in described
    named = set(described["headers"])
    assert {"ETag", "Read-Position", "X-Cache"} <= named
    assert named - SOMETIMES <= set(answer.headers)


@pytest.mark.parametrize(
    ("path", "query", "headers", "status", "code"),
    [
        (ORDERS, {"status": "lost"}, {}, 422, "invalid"),
        (ORDERS, {"cursor": "forged"}, {}, 400, "bad-cursor"),
        (ORDERS, {}, {"Authorization": "Bearer x"}, 401, "bad-credentials"),
        (ORDERS, {}, {"Authorization": ""}, 401, "not-authenticated"),
        (ORDERS, {}, {"Accept": "text/html"}, 406, "not-acceptable"),
        (ORDERS, {}, {"Consistency_Token": "x"}, 400, "bad-consistency-token"),
        (ORDER, {"colour": "red"}, {}, 422, "invalid"),
        (ORDER, {}, {"Authorization": ""}, 401, "not-authenticated"),
        (ORDER, {}, {"Consistency_Token": "x"}, 400, "bad-consistency-token"),
        (ORDER, {}, {}, 404, "unknown-order"),
        (ORDER, {"at_version": "1"}, {}, 404, "unknown-order"),
        (ORDER, {"as_of": "now"}, {}, 422, "invalid"),
        (EVENTS, {}, {}, 404, "unknown-order"),
        (EVENTS, {"limit": "0"}, {}, 422, "invalid"),
        (EVENTS, {"cursor": "forged"}, {}, 400, "bad-cursor"),
        (EVENTS, {}, {"Authorization": ""}, 401, "not-authenticated"),
        (EVENTS, {}, {"Consistency_Token": "x"}, 400, "bad-consistency-token"),
    ],
)
def test_it_describes_the_problems_that_requests_meet(
    reader: Reader,
    document: Any,
    path: str,
    query: dict[str, str],
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    answer = reader.get(path.format(order_id=uuid4()), query, **headers)
    assert_problem(answer, status, code)
    validate_answer(answer, document, path)
    assert code in {each["code"] for each in examples(response(document, path, status))}


@pytest.mark.parametrize("path", [ORDERS, ORDER])
def test_it_describes_a_read_model_that_is_behind(
    shop: Shop, reader: Reader, document: Any, path: str
) -> None:
    order_id = shop.place()
    token = shop.change(order_id, "confirm")["Consistency-Token"]
    headers = {"Consistency_Token": token, "Prefer": "wait=0"}
    answer = reader.get(path.format(order_id=order_id), **headers)
    problem = assert_problem(answer, 503, "read-model-behind")
    validate_answer(answer, document, path)
    described = {each["code"]: each for each in examples(response(document, path, 503))}
    of_one_order = {"order-parked"} if path == ORDER else set()
    assert set(described) - of_one_order == {
        "read-model-behind",
        "database-unavailable",
        "query-too-slow",
    }
    assert of_one_order <= set(described)
    assert set(described["read-model-behind"]) == set(problem)


@pytest.mark.parametrize("path", [ORDERS, ORDER, EVENTS])
def test_it_describes_the_scope_it_wants(shop: Shop, document: Any, path: str) -> None:
    answer = shop.http.get(path.format(order_id=uuid4()))
    problem = assert_problem(answer, 403, "wrong-scope")
    validate_answer(answer, document, path)
    (example,) = examples(response(document, path, 403))
    assert example["detail"] == problem["detail"]
    assert {"apiKey": ["orders:read"]} in document["paths"][path]["get"]["security"]


@pytest.mark.parametrize("path", [ORDERS, ORDER, EVENTS])
def test_its_examples_are_valid_answers(document: Any, path: str) -> None:
    found = 0
    for described in document["paths"][path]["get"]["responses"].values():
        for example in examples(described) if "content" in described else ():
            validate(example, document, described)
            found += 1
    assert found > 10


def test_it_describes_the_parameters_it_takes(document: Any) -> None:
    described = set(parameters(document, ORDERS, "query"))
    own = {"ordering", "limit", "cursor", "format"}
    assert described == {*OrderFilter.base_filters, *own}
    assert set(parameters(document, ORDER, "query")) == {"at_version", "as_of"}
    assert set(parameters(document, EVENTS, "query")) == {"limit", "cursor", "stored"}
    shared = {"Consistency-Token", "Prefer", "X-Request-ID"}
    assert set(parameters(document, ORDERS, "header")) == shared
    assert set(parameters(document, ORDER, "header")) == {*shared, "If-None-Match"}


@pytest.mark.parametrize("name", OrderFilter.base_filters)
def test_it_describes_every_filter_as_it_is(document: Any, name: str) -> None:
    described = parameters(document, ORDERS, "query")[name]
    schema = described["schema"]
    assert described["description"]
    match OrderFilter.base_filters[name]:
        case django_filters.MultipleChoiceFilter() as several:
            assert (described["style"], described["explode"]) == ("form", True)
            words = [word for word, _ in several.extra["choices"]]
            assert schema["type"] == "array"
            assert schema["items"] == {"type": "string", "enum": words}
        case filters.TimeFilter():
            assert schema["format"] == "date-time"
        case filters.TotalFilter() | filters.CurrencyFilter():
            assert "pattern" in schema
        case django_filters.CharFilter() as text:
            assert schema["maxLength"] == text.extra["max_length"]
        case other:
            pytest.fail(f"no test knows a {type(other).__name__}")


def test_it_takes_the_values_that_are_described(reader: Reader, document: Any) -> None:
    described = parameters(document, ORDERS, "query")
    del described["cursor"]
    for name, parameter in described.items():
        values = legal_values(parameter["schema"])
        assert values, name
        for value in values:
            answer = reader.get(ORDERS, {name: value})
            assert answer.status_code == 200, (name, value, answer.content)


def legal_values(schema: Any) -> list[Any]:
    """All words; both bounds; an example."""
    if schema["type"] == "array":
        return [*schema["items"]["enum"], schema["items"]["enum"]]
    values = list(schema.get("enum", ()))
    values += [schema[bound] for bound in ("minimum", "maximum") if bound in schema]
    values += [schema[key] for key in ("default", "example") if key in schema]
    values += ["x" * schema[key] for key in ("minLength", "maxLength") if key in schema]
    return values


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "minimum"),
        ("limit", "maximum"),
        ("customer_id", "maxLength"),
        ("sku", "maxLength"),
        ("country", "maxLength"),
        ("external_reference", "maxLength"),
    ],
)
def test_it_refuses_values_beyond_the_bounds_described(
    reader: Reader, document: Any, name: str, value: str
) -> None:
    bound = parameters(document, ORDERS, "query")[name]["schema"][value]
    beyond: Any = bound - 1 if value == "minimum" else bound + 1
    if value == "maxLength":
        beyond = "x" * beyond
    assert_problem(reader.get(ORDERS, {name: beyond}), 422, "invalid")


def test_it_describes_the_orderings_and_the_usual_one(document: Any) -> None:
    schema = parameters(document, ORDERS, "query")["ordering"]["schema"]
    assert set(schema["enum"]) == set(queries.ORDERINGS)
    assert schema["default"] == queries.NEWEST_FIRST
