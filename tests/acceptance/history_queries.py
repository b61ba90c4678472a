"""Products and customers of a real history, asked over HTTP."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.db import connections

from tests.integration.orders.reading import Reader
from tests.unit.orders_imports import samples

EXPECTED = "online-retail/expected_orders.json"
QUERIES = "/api/v1/queries"
# One of the largest order alone, the most bought one, and a few between them.
BOUGHT_WITH = """
SELECT other ->> 'sku' AS sku, count(DISTINCT order_id) AS orders
FROM orders_order_detail
CROSS JOIN jsonb_array_elements("order" -> 'lines') AS other
WHERE other ->> 'sku' <> %(sku)s
  AND "order" -> 'lines' @> jsonb_build_array(jsonb_build_object('sku', %(sku)s::text))
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 200
"""
TOGETHER = ("85123A", "22423", "DOT", "85099B", "84406B", "47566", "21181")


# One order, and what people who look for it may type.
SOUGHT = "536365"
TYPED = (
    "85123a",  # a SKU
    "17850",  # the customer
    "536365",  # the reference, and the number of the parcel
    "white hangng haert",  # misspelt
    "BABUSHKA nestng boxes",
    "Babush",  # the beginning of a word
    "fröstéd glass",  # with accents that the names have not
    "woolly hottie",
)
NOT_IN_IT = ("85123b", "17851", "bicycle", "hanging spaceboy")


def check() -> None:
    """Every figure that is expected of the history; the most by revenue are a list."""
    reader = Reader()
    _check_search(reader)
    by_sku = _expected("by_sku_top_50")
    for sku, figures in by_sku.items():
        found = _get(reader, f"products/{quote(sku)}")
        assert _figures(found, placed="revenue") == figures, sku
    listed = _get(reader, "products?limit=50")["data"]
    most = sorted(by_sku, key=lambda sku: (by_sku[sku]["placed"], sku), reverse=True)
    assert [each["sku"] for each in listed] == most
    for customer_id, figures in _expected("by_customer_top_50").items():
        found = _get(reader, f"customers/{quote(customer_id)}")
        assert _figures(found, placed="placed") == figures, customer_id
    for sku in TOGETHER:
        found = _get(reader, f"products/{sku}/bought-with?limit=200")
        assert [(each["sku"], each["orders"]) for each in found["data"]] == _counted(
            sku
        )


def _check_search(reader: Reader) -> None:
    """Among 20,000 orders; the reference as a filter leaves the one, if `q` has it."""
    found = {
        q: len(reader.found(q=q, external_reference=SOUGHT))
        for q in (*TYPED, *NOT_IN_IT)
    }
    assert found == {**dict.fromkeys(TYPED, 1), **dict.fromkeys(NOT_IN_IT, 0)}
    assert reader.page({"q": SOUGHT})["data"][0]["external_reference"] == SOUGHT


def _get(reader: Reader, path: str) -> Any:
    answer = reader.get(f"{QUERIES}/{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def _expected(group: str) -> dict[str, dict[str, Decimal]]:
    groups = json.loads(samples.full_file(EXPECTED).read_text())[group]
    assert len(groups) == 50
    names = ("orders", "units", "placed", "returned_units", "refunded")
    return {
        key: {name: Decimal(figures[name]) for name in names}
        for key, figures in groups.items()
    }


def _figures(found: dict[str, Any], *, placed: str) -> dict[str, Decimal]:
    return {
        "orders": Decimal(found["orders"]),
        "units": Decimal(found["units"]),
        "placed": Decimal(found[placed]["GBP"]),
        "returned_units": Decimal(found["returned_units"]),
        "refunded": Decimal(found["refunded"]["GBP"]),
    }


def _counted(sku: str) -> list[tuple[str, int]]:
    """By the whole orders, which another projection keeps."""
    with connections["read"].cursor() as cursor:
        cursor.execute(BOUGHT_WITH, {"sku": sku})
        found: list[tuple[str, int]] = cursor.fetchall()
    assert len(found) > 20
    return found
