"""A client that reads orders, and a worker at hand."""

from typing import Any
from uuid import uuid4

import redis
from django.conf import settings
from django.test import Client

from api import keys
from projections import runner
from projections.in_redis import refilling

ORDERS = "/api/v1/queries/orders"


class Reader:
    """Sends queries with a key that may read."""

    def __init__(self) -> None:
        # A name of its own: one test may have several readers.
        name = f"reader {uuid4().hex}"
        key = keys.create(name=name, scopes=("orders:read",)).key
        self.http = Client(
            headers={"Authorization": f"Bearer {key}"}, raise_request_exception=False
        )

    def get(self, url: str, query: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.get(url, query, headers=named or None)

    def order(self, order_id: str, **headers: str) -> Any:
        return self.get(f"{ORDERS}/{order_id}", **headers)

    def page(self, query: Any = None) -> dict[str, Any]:
        answer = self.get(ORDERS, query)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def found(self, **query: Any) -> list[str]:
        """Ids of the orders of the first page."""
        return [each["order_id"] for each in self.page(query)["data"]]


def project() -> None:
    """Lets all projections catch up, as a worker does."""
    while runner.run_round(worker="tests").advanced:
        pass


def flush() -> None:
    """As if Redis had been started anew, before the next look of a worker."""
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    refilling._looked_at = 0.0
