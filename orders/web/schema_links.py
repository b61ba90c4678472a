"""Links of the OpenAPI document: from what a command answers to what it changed.

drf-spectacular knows no links, so they are added to the document it made.
"""

from typing import Any

from orders.web.command_routes import CHANGES

COMMANDS = "/api/v1/commands/orders"
ORDER_ID = "$response.body#/order_id"
# A query that carries it includes what the command stored.
TOKEN = {"header.Consistency-Token": "$response.body#/consistency_token"}
# Queries of the order, and of what its placing named.
QUERIES = {
    "getOrder": {"order_id": ORDER_ID, **TOKEN},
    "listOrderEvents": {"order_id": ORDER_ID, **TOKEN},
}
PLACED = {
    "getCustomer": {"customer_id": "$request.body#/customer_id", **TOKEN},
    "getCustomerTimeline": {"customer_id": "$request.body#/customer_id", **TOKEN},
    "getProduct": {"sku": "$request.body#/lines/0/sku", **TOKEN},
    "boughtWith": {"sku": "$request.body#/lines/0/sku", **TOKEN},
}


def add(result: Any, **_: Any) -> Any:
    """For drf-spectacular's POSTPROCESSING_HOOKS: the document, with links."""
    known = {
        operation["operationId"]
        for methods in result["paths"].values()
        for operation in methods.values()
    }
    for path, methods in result["paths"].items():
        if path == COMMANDS:
            next_ones = {name: {"order_id": ORDER_ID} for name in _changes()}
            links = {**QUERIES, **PLACED, **next_ones}
            _link(methods["post"]["responses"]["201"], links, known)
        elif path.startswith(f"{COMMANDS}/{{order_id}}/"):
            _link(methods["post"]["responses"]["200"], QUERIES, known)
    return result


def _changes() -> list[str]:
    names = [route.command.__name__ for route in CHANGES]
    return [name[0].lower() + name[1:] for name in names]


def _link(response: Any, links: dict[str, dict[str, str]], known: set[str]) -> None:
    """Raises ValueError for a link to an operation that is not in the document."""
    if unknown := set(links) - known:
        raise ValueError(f"no operation is named {', '.join(sorted(unknown))}")
    response["links"] = {
        name[0].upper() + name[1:]: {"operationId": name, "parameters": parameters}
        for name, parameters in links.items()
    }
