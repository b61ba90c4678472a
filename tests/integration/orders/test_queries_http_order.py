"""One order over HTTP: its shape, its tag, and where the answer stands."""

from uuid import uuid4

import pytest

from projections import actors, control
from tests.integration.orders.reading import Reader, project
from tests.integration.orders.shop import ADDRESS, Shop, assert_problem


def test_it_answers_the_whole_order(shop: Shop, reader: Reader) -> None:
    order_id = shop.confirmed(external_reference="WEB-1", note="ring twice")
    payment = {"amount": "50.00", "method": "card", "reference": "p-1"}
    shop.change(order_id, "capture-payment", payment)
    parcel = {"carrier": "DHL", "tracking_number": "T-1"}
    shop.change(order_id, "ship", {**parcel, "lines": [{"line_id": 1, "quantity": 4}]})
    project()
    order = reader.order(order_id).json()
    times = [order.pop(name) for name in ("placed_at", "updated_at")]
    times += [order["payments"][0].pop("at"), order["notes"][0].pop("at")]
    times += [order["shipments"][0].pop("sent_at")]
    assert all(time.endswith("Z") for time in times)
    assert order == {
        "order_id": order_id,
        "external_reference": "WEB-1",
        "version": 4,
        "customer_id": "customer-1",
        "currency": "EUR",
        "status": "confirmed",
        "payment_status": "paid",
        "fulfillment_status": "partially_shipped",
        "total": "50.00",
        "captured": "50.00",
        "refunded": "0.00",
        "lines": [
            {
                "line_id": 1,
                "sku": "TEA",
                "name": "Tea",
                "quantity": 10,
                "unit_price": "5.00",
                "shipped": 4,
                "cancelled": 0,
                "returned": 0,
            }
        ],
        "payments": [payment],
        "refunds": [],
        "shipments": [
            {
                "shipment_id": 1,
                **parcel,
                "lines": [{"line_id": 1, "quantity": 4}],
                "delivered_at": None,
                "failures": [],
            }
        ],
        "notes": [{"text": "ring twice"}],
        "shipping_address": ADDRESS,
    }


def test_it_says_where_its_read_model_stands(shop: Shop, reader: Reader) -> None:
    order_id = shop.place()
    position = shop.change(order_id, "confirm").json()["position"]
    project()
    assert reader.order(order_id)["Read-Position"] == str(position)


def test_it_tags_the_version_and_answers_304(shop: Shop, reader: Reader) -> None:
    order_id = shop.confirmed()
    project()
    assert reader.order(order_id)["ETag"] == '"2"'
    for tags in ('"2"', 'W/"2"', '"1", "2"', "*"):
        answer = reader.order(order_id, If_None_Match=tags)
        assert (answer.status_code, answer.content) == (304, b""), tags
        assert answer["ETag"] == '"2"'
        assert answer["Read-Position"]
    assert reader.order(order_id, If_None_Match='"1"').status_code == 200


@pytest.mark.parametrize("order_id", [str(uuid4()), "x", "{" + str(uuid4()) + "}"])
def test_it_does_not_know_an_order_that_is_not_in_the_log(
    reader: Reader, order_id: str
) -> None:
    assert_problem(reader.order(order_id), 404, "unknown-order")


def test_it_does_not_call_an_order_unknown_that_the_log_has(
    shop: Shop, reader: Reader
) -> None:
    order_id = shop.place()
    answer = reader.order(order_id)
    problem = assert_problem(answer, 503, "read-model-behind")
    assert problem["lag_events"] == 1
    assert problem["lag_seconds"] >= 0
    assert int(answer["Retry-After"]) >= 1


def test_it_waits_no_longer_than_asked_for_a_write(shop: Shop, reader: Reader) -> None:
    order_id = shop.place()
    project()
    control.pause("order_detail", actor=actors.program("tests"), reason="")
    token = shop.change(order_id, "confirm")["Consistency-Token"]
    answer = reader.order(order_id, Consistency_Token=token, Prefer="wait=0")
    assert_problem(answer, 503, "read-model-behind")
    assert reader.order(order_id).json()["status"] == "pending"
    control.resume("order_detail", actor=actors.program("tests"), reason="")
    project()
    answer = reader.order(order_id, Consistency_Token=token, Prefer="wait=0")
    assert answer.json()["status"] == "confirmed"


def test_it_honours_the_token_of_another_order(shop: Shop, reader: Reader) -> None:
    first = shop.place()
    project()
    second = shop.place()
    token = shop.change(second, "confirm")["Consistency-Token"]
    answer = reader.order(first, Consistency_Token=token, Prefer="wait=0")
    assert_problem(answer, 503, "read-model-behind")


@pytest.mark.parametrize("cut", [slice(0, -1), slice(1, None), slice(0, 0)])
def test_it_refuses_a_forged_token(shop: Shop, reader: Reader, cut: slice) -> None:
    order_id = shop.place()
    project()
    token = shop.change(order_id, "confirm")["Consistency-Token"][cut] or "x"
    answer = reader.order(order_id, Consistency_Token=token)
    assert_problem(answer, 400, "bad-consistency-token")


def test_it_refuses_a_token_of_a_former_epoch(shop: Shop, reader: Reader) -> None:
    from eventstore.models import Log

    order_id = shop.place()
    project()
    token = shop.change(order_id, "confirm")["Consistency-Token"]
    Log.objects.update(epoch=2)
    answer = reader.order(order_id, Consistency_Token=token)
    assert_problem(answer, 400, "bad-consistency-token")


def test_it_refuses_parameters_that_it_does_not_know(
    shop: Shop, reader: Reader
) -> None:
    order_id = shop.place()
    project()
    answer = reader.get(f"/api/v1/queries/orders/{order_id}?at_verson=1")
    problem = assert_problem(answer, 422, "invalid")
    assert problem["errors"][0]["pointer"] == "/at_verson"


def test_it_wants_the_scope_to_read(shop: Shop) -> None:
    answer = shop.http.get(f"/api/v1/queries/orders/{uuid4()}")
    assert_problem(answer, 403, "wrong-scope")
