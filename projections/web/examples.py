"""An answer of each shape, for the description of the endpoints."""

from typing import Any

STATUS: dict[str, Any] = {
    "name": "order_summary",
    "state": "running",
    "rebuild": "none",
    "rebuild_progress": None,
    "operation": None,
    "version": 1,
    "generation": 1,
    "kept_version": None,
    "partitions": 1,
    "position": 1815,
    "head": 1815,
    "lag_events": 0,
    "lag_seconds": 0.0,
    "rate": 412.5,
    "eta_seconds": 0.0,
    "advanced_at": "2026-01-05T09:30:00Z",
    "worker": "worker-1:4711",
    "dead_letters": 1,
    "last_error": "",
    "last_traceback": "",
    "checked": 52_400,
    "check_failures": 1,
    "last_checked_at": "2026-01-05T09:29:40Z",
    "last_check_failure": {
        "at": "2026-01-04T22:10:40Z",
        "stream": "order-018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f10",
        "generation": 1,
        "position": 1804,
        "rows": [
            {
                "table": "orders_order_summary",
                "row": "differs",
                "columns": ["total", "customer_id"],
                "values": {"total": ["0.0000", "50.0000"]},
                "error": "",
            }
        ],
        "streams": 1,
    },
}
DEAD_LETTER: dict[str, Any] = {
    "id": 7,
    "projection": "order_summary",
    "generation": 1,
    "stream": "order-018f7a5e-7c3b-7d64-9c55-3a1c9f3a2f10",
    "state": "parked",
    "position": 1789,
    "event_id": "018f7a5e-9d21-7c11-8f02-5b1c9f3a2f77",
    "version": 3,
    "type": "PaymentCaptured",
    "category": "handler",
    "error": "KeyError: 'method'",
    "handler": "orders.projections.order_summary.OrderSummary version 1",
    "attempts": 5,
    "first_failed_at": "2026-01-05T09:12:00Z",
    "last_failed_at": "2026-01-05T09:12:31Z",
    "next_attempt_at": None,
}
WHOLE_DEAD_LETTER = {
    **DEAD_LETTER,
    "held_events": 2,
    "traceback": "Traceback (most recent call last):\n  …\nKeyError: 'method'\n",
}
OPERATION: dict[str, Any] = {
    "id": 12,
    "kind": "retry",
    "projection": "order_summary",
    "generation": None,
    "version": 1,
    "state": "retrying",
    "actor": "key:operations",
    "reason": "mended",
    "parameters": {},
    "done": 40,
    "total": 100,
    "progress": 0.4,
    "rate": 120.0,
    "eta_seconds": 0.5,
    "note": "",
    "result": {"freed": 39, "failed": 1},
    "started_at": "2026-01-05T09:30:00Z",
    "changed_at": "2026-01-05T09:30:00Z",
    "finished_at": None,
}
PROJECTION = {
    **STATUS,
    "under_way": [OPERATION],
    "newest_failures": [DEAD_LETTER],
}
AUDIT_ENTRY: dict[str, Any] = {
    "id": 31,
    "at": "2026-01-05T09:30:00Z",
    "actor": "key:operations",
    "action": "retry",
    "projection": "order_summary",
    "reason": "mended",
    "parameters": {},
    "outcome": "started",
    "detail": "",
    "operation": 12,
}


def page(row: dict[str, Any], name: str) -> dict[str, Any]:
    following = f"https://shop.example/api/v1/ops/{name}?limit=1&cursor=WyJhIl0:AbC"
    return {"data": [row], "next": following}
