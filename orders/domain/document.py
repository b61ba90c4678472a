"""Renders an Order as the `order` document of the API: values ready for JSON."""

from datetime import UTC, datetime
from typing import Any

from msgspec import to_builtins

from orders.domain.money import to_text
from orders.domain.order import Line, Order, Shipment


def render(order: Order, *, order_id: str) -> dict[str, Any]:
    """The whole order at `order.version`; `order_id` is that of its stream."""
    return {
        "order_id": order_id,
        "external_reference": order.external_reference,
        "version": order.version,
        "customer_id": order.customer_id,
        "currency": order.currency,
        "status": order.status.value,
        "payment_status": order.payment_status.value,
        "fulfillment_status": order.fulfillment_status.value,
        "total": to_text(order.total),
        "captured": to_text(order.captured),
        "refunded": to_text(order.refunded),
        "lines": [_line(line) for line in order.lines],
        "payments": [
            {
                "amount": to_text(payment.amount),
                "method": payment.method,
                "reference": payment.reference,
                "at": time_text(payment.at),
            }
            for payment in order.payments
        ],
        "refunds": [
            {
                "amount": to_text(refund.amount),
                "reason": refund.reason,
                "at": time_text(refund.at),
            }
            for refund in order.refunds
        ],
        "shipments": [_shipment(shipment) for shipment in order.shipments],
        "notes": [
            {"text": note.text, "at": time_text(note.at)} for note in order.notes
        ],
        "shipping_address": to_builtins(order.shipping_address),
        "placed_at": time_text(order.placed_at),
        "updated_at": time_text(order.updated_at),
    }


def time_text(at: datetime) -> str:
    """RFC 3339 in UTC: "2011-01-04T10:00:00Z", with microseconds where there are any.

    Raises ValueError for a time without a zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time needs a zone")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _line(line: Line) -> dict[str, Any]:
    return {
        "line_id": line.line_id,
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "unit_price": to_text(line.unit_price),
        "shipped": line.shipped,
        "cancelled": line.cancelled,
        "returned": line.returned,
    }


def _shipment(shipment: Shipment) -> dict[str, Any]:
    delivered_at = shipment.delivered_at
    return {
        "shipment_id": shipment.shipment_id,
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "lines": [
            {"line_id": part.line_id, "quantity": part.quantity}
            for part in shipment.lines
        ],
        "sent_at": time_text(shipment.sent_at),
        "delivered_at": None if delivered_at is None else time_text(delivered_at),
        "failures": [
            {"reason": failure.reason, "at": time_text(failure.at)}
            for failure in shipment.failures
        ],
    }
