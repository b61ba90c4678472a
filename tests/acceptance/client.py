"""A client of the running system."""

from typing import Any

from tests.acceptance.system import Answer, System

COMMANDS = "/api/v1/commands/orders"
ORDER = {
    "customer_id": "ada",
    "currency": "EUR",
    "lines": [{"sku": "TEA", "name": "Tea", "quantity": 10, "unit_price": "5.00"}],
    "shipping_address": {
        "name": "Ada Byron",
        "line1": "12 Mill Lane",
        "city": "Bath",
        "country": "GB",
    },
}


class Client:
    def __init__(self, system: System) -> None:
        self.system = system
        key = system.key("orders:read", "orders:write")
        self.authorization = f"Bearer {key}"

    def place(self) -> Answer:
        answer = self.system.post(COMMANDS, ORDER, Authorization=self.authorization)
        assert answer.status == 201, answer.body
        return answer

    def change(self, order_id: str, word: str, body: Any) -> Answer:
        answer = self.system.post(
            f"{COMMANDS}/{order_id}/{word}", body, Authorization=self.authorization
        )
        assert answer.status == 200, answer.body
        return answer

    def read(self, path: str, **headers: str) -> Answer:
        return self.system.get(path, Authorization=self.authorization, **headers)
