"""A request with an Idempotency-Key, and how it dies at one of its statements."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from tests.integration.orders import shop
from tests.integration.orders.shop import ORDERS

ORDER = shop.order()


def place(http: Any, idempotency_key: str) -> Any:
    """The answer to the order, the same each time."""
    return http.post(
        ORDERS,
        json.dumps(ORDER),
        content_type="application/json",
        headers={"Idempotency-Key": idempotency_key},
    )


@contextmanager
def dying(*, at: int, after: bool, die: Callable[[], None]) -> Iterator[list[str]]:
    """`die` is called before or after the statement number `at` (from 0), once.

    Savepoints count; after the last statement comes the commit. Gives the statements
    that were begun.
    """
    begun: list[str] = []

    def counting(execute: Any, sql: str, *rest: Any) -> Any:
        number = len(begun)
        begun.append(sql)
        if number == at and not after:
            die()
        done = execute(sql, *rest)
        if number == at and after:
            die()
        return done

    with connection.execute_wrapper(counting):
        yield begun
