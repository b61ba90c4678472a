"""An API client of the shop, and request bodies with defaults."""

import json
from typing import Any

from django.test import Client

from api import codes, keys
from eventstore import store

ADDRESS = {
    "name": "Ada Byron",
    "line1": "12 Mill Lane",
    "city": "Bath",
    "country": "GB",
}
LINE = {"sku": "TEA", "name": "Tea", "quantity": 10, "unit_price": "5.00"}
ORDERS = "/api/v1/commands/orders"


def order(**changes: Any) -> dict[str, Any]:
    """The body of an order of ten units at 5.00; a value of None takes a member out."""
    body = {
        "customer_id": "customer-1",
        "currency": "EUR",
        "lines": [LINE],
        "shipping_address": ADDRESS,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


class Shop:
    """Sends commands with a key that may write."""

    def __init__(self, *, scopes: tuple[str, ...] = ("orders:write",)) -> None:
        self.key = keys.create(name=f"shop-{'-'.join(scopes)}", scopes=scopes).key
        self.http = Client(
            headers={"Authorization": f"Bearer {self.key}"},
            raise_request_exception=False,
        )

    def post(self, url: str, body: Any = None, **headers: str) -> Any:
        """`body` is sent as JSON, or as it is if it is bytes."""
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(
            url, data, content_type="application/json", headers=named or None
        )

    def place(self, **changes: Any) -> str:
        """The id of a new order."""
        response = self.post(ORDERS, order(**changes))
        assert response.status_code == 201, response.content
        placed: str = response.json()["order_id"]
        return placed

    def change(self, order_id: str, word: str, body: Any = None, **headers: str) -> Any:
        return self.post(f"{ORDERS}/{order_id}/{word}", body, **headers)

    def confirmed(self, **changes: Any) -> str:
        order_id = self.place(**changes)
        assert self.change(order_id, "confirm").status_code == 200
        return order_id


def events_of(order_id: str) -> list[Any]:
    return store.read_stream(f"order-{order_id}")


def stored_events() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM eventstore_event")
        (count,) = cursor.fetchone()
    return int(count)


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem's members, once it is seen to be the one that is documented."""
    assert response["Content-Type"] == "application/problem+json", response.content
    body: dict[str, Any] = json.loads(response.content)
    assert (response.status_code, body["code"]) == (status, code), body
    assert body["status"] == status == codes.get(code).status
    assert body["type"] == f"/api/docs/problems#{code}"
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response["X-Request-ID"]
    return body
