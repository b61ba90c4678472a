"""What the read tables must say, from the log's raw JSON: none of our code folds here.

Orders as plain dictionaries, by the contract's section 2; amounts as decimals.
"""

import json
from collections import defaultdict
from datetime import datetime
from decimal import Decimal

import psycopg

from tests.faults import decrypted

EVENTS = f"""
SELECT stream, version, type, occurred_at, {decrypted.COLUMNS}
FROM eventstore_event
WHERE stream LIKE 'order-%'
ORDER BY stream, version
"""
SUMMARIES = """
SELECT order_id::text, version, external_reference, customer_id, currency, country,
       status, payment_status, fulfillment_status, total, captured, refunded,
       line_count, units, returned_units, skus, placed_at, updated_at
FROM orders_order_summary
"""
DETAILS = 'SELECT order_id::text, version, "order"::text FROM orders_order_detail'
LINE = {"cancelled": 0, "shipped": 0, "delivered": 0, "returned": 0}


def orders(session: psycopg.Connection) -> dict[str, dict]:
    """Every order by its id, folded from its events."""
    streams = defaultdict(list)
    for stream, version, type, at, *stored in session.execute(EVENTS):
        events = streams[stream.removeprefix("order-")]
        assert version == len(events) + 1, f"{stream} has a hole before {version}"
        events.append((type, at, decrypted.data(*stored)))
    return {id: _fold(events) for id, events in streams.items()}


def expected_summaries(folded: dict[str, dict]) -> dict[str, tuple]:
    return {id: _summary(id, order) for id, order in folded.items()}


def actual_summaries(session: psycopg.Connection) -> dict[str, tuple]:
    return {row[0]: row for row in session.execute(SUMMARIES)}


def expected_details(folded: dict[str, dict]) -> dict[str, dict]:
    return folded


def actual_details(session: psycopg.Connection) -> dict[str, dict]:
    found = {}
    for id, version, text in session.execute(DETAILS):
        order = found[id] = _as_folded(json.loads(text))
        assert order["version"] == version
    return found


def _fold(events: list[tuple[str, datetime, dict]]) -> dict:
    (type, at, placed), *later = events
    assert type == "OrderPlaced"
    order = {
        "version": len(events),
        "customer_id": placed["customer_id"],
        "currency": placed["currency"],
        "external_reference": placed.get("external_reference"),
        "status": "pending",
        "shipping_address": placed["shipping_address"],
        "lines": {each["line_id"]: _line(each) for each in placed["lines"]},
        "payments": [],
        "refunds": [],
        "shipments": {},
        "notes": [(placed["note"], at)] if "note" in placed else [],
        "placed_at": at,
        "updated_at": max(each for _, each, _ in events),
    }
    for type, at, data in later:
        _apply(order, type, at, data)
    return order


def _apply(order: dict, type: str, at: datetime, data: dict) -> None:
    lines = order["lines"]
    if type == "LineAdded":
        lines[data["line_id"]] = _line(data)
    elif type == "LineQuantityChanged":
        lines[data["line_id"]]["quantity"] = data["quantity"]
    elif type == "LineRemoved":
        del lines[data["line_id"]]
    elif type == "ShippingAddressChanged":
        order["shipping_address"] = data["shipping_address"]
    elif type == "NoteAdded":
        order["notes"].append((data["text"], at))
    elif type == "PaymentCaptured":
        paid = Decimal(data["amount"]), data["method"], data["reference"], at
        order["payments"].append(paid)
    elif type == "PaymentRefunded":
        order["refunds"].append((Decimal(data["amount"]), data["reason"], at))
    elif type == "ShipmentSent":
        _count(lines, data["lines"], "shipped")
        order["shipments"][data["shipment_id"]] = {
            "carrier": data["carrier"],
            "tracking_number": data["tracking_number"],
            "lines": data["lines"],
            "sent_at": at,
            "delivered_at": None,
            "failures": [],
        }
    elif type == "ShipmentDelivered":
        shipment = order["shipments"][data["shipment_id"]]
        shipment["delivered_at"] = at
        _count(lines, shipment["lines"], "delivered")
    elif type == "DeliveryFailed":
        failure = data["reason"], at
        order["shipments"][data["shipment_id"]]["failures"].append(failure)
    elif type == "LinesCancelled":
        _count(lines, data["lines"], "cancelled")
    elif type == "LinesReturned":
        _count(lines, data["lines"], "returned")
    elif type in STATUS:
        order["status"] = STATUS[type]
    else:
        # The key of who is forgotten is gone: earlier events have no texts any more.
        assert type in {"PaymentFailed", "PersonalTextsErased"}, type


STATUS = {
    "OrderConfirmed": "confirmed",
    "OrderCompleted": "completed",
    "OrderCancelled": "cancelled",
    "OrderExpired": "expired",
}


def _line(data: dict) -> dict:
    return {
        "sku": data["sku"],
        "name": data["name"],
        "quantity": data["quantity"],
        "unit_price": Decimal(data["unit_price"]),
        **{name: data.get(name, 0) for name in LINE},
    }


def _count(lines: dict, parts: list[dict], what: str) -> None:
    for each in parts:
        lines[each["line_id"]][what] += each["quantity"]


def _summary(id: str, order: dict) -> tuple:
    lines = order["lines"].values()
    units = {each["sku"]: 0 for each in lines}
    ordered = sum(each["quantity"] - each["cancelled"] for each in lines)
    total = sum(
        (each["quantity"] - each["cancelled"]) * each["unit_price"] for each in lines
    )
    captured = sum(amount for amount, *_ in order["payments"])
    refunded = sum(amount for amount, *_ in order["refunds"])
    shipped, delivered, returned = (
        sum(each[what] for each in lines)
        for what in ("shipped", "delivered", "returned")
    )
    return (
        id,
        order["version"],
        order["external_reference"],
        order["customer_id"],
        order["currency"],
        order["shipping_address"]["country"],
        order["status"],
        _payment_status(total, captured, refunded),
        _fulfillment_status(ordered, shipped, delivered, returned),
        total,
        captured,
        refunded,
        len(lines),
        ordered,
        returned,
        sorted(units),
        order["placed_at"],
        order["updated_at"],
    )


def _payment_status(total: Decimal, captured: Decimal, refunded: Decimal) -> str:
    if captured > 0 and refunded == captured:
        return "refunded"
    if refunded > 0:
        return "partially_refunded"
    if captured >= total:
        return "paid"
    return "partially_paid" if captured > 0 else "unpaid"


def _fulfillment_status(
    ordered: int, shipped: int, delivered: int, returned: int
) -> str:
    if returned:
        return "returned" if returned == ordered else "partially_returned"
    if ordered and delivered == ordered:
        return "delivered"
    if ordered and shipped == ordered:
        return "shipped"
    return "partially_shipped" if shipped else "unfulfilled"


def _as_folded(order: dict) -> dict:
    """The stored detail in the shape of `_fold`; what it leaves out is its default."""
    time = datetime.fromisoformat
    return {
        "version": order["version"],
        "customer_id": order["customer_id"],
        "currency": order["currency"],
        "external_reference": order.get("external_reference"),
        "status": order.get("status", "pending"),
        "shipping_address": order["shipping_address"],
        "lines": {each["line_id"]: _line(each) for each in order["lines"]},
        "payments": [
            (
                Decimal(each["amount"]),
                each["method"],
                each["reference"],
                time(each["at"]),
            )
            for each in order.get("payments", [])
        ],
        "refunds": [
            (Decimal(each["amount"]), each["reason"], time(each["at"]))
            for each in order.get("refunds", [])
        ],
        "shipments": {
            each["shipment_id"]: {
                "carrier": each["carrier"],
                "tracking_number": each["tracking_number"],
                "lines": each["lines"],
                "sent_at": time(each["sent_at"]),
                "delivered_at": time(each["delivered_at"])
                if each.get("delivered_at")
                else None,
                "failures": [
                    (failure["reason"], time(failure["at"]))
                    for failure in each.get("failures", [])
                ],
            }
            for each in order.get("shipments", [])
        },
        "notes": [(each["text"], time(each["at"])) for each in order.get("notes", [])],
        "placed_at": time(order["placed_at"]),
        "updated_at": time(order["updated_at"]),
    }
