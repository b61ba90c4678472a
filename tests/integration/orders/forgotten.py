"""A customer to forget: orders in which every personal field is set, then none."""

import io
from typing import Any

from django.core.management import call_command

from projections import registry
from tests.integration.orders import everywhere
from tests.integration.orders.shop import Shop

ADA = "customer-ada"
# Each in another field; none of them in anything of others.
PERSONAL = {
    "name": "Zebulon",
    "line1": "Quagmire",
    "line2": "Attic7781",
    "city": "Xanadu",
    "region": "Westmarch",
    "postal_code": "POSTALCODE90317",
    "note": "Doorbellbroken",
    "later_note": "Dogbites",
    "external_reference": "REF90210",
    "payment": "PAYREF4711",
    "failed_payment": "Cardexpired",
    "tracking": "TRACK8812",
    "delivery": "Nobodyathome",
    "returned": "Toosmall",
    "refund": "Goodwilling",
    "cancelled_lines": "Changedmind",
    "cancelled": "Foundcheaper",
    "old_name": "Oldername",
}


def touch_every_field(shop: Shop) -> list[str]:
    """Orders of the customer in which every personal field of every event is set."""
    p = PERSONAL
    parts = ("name", "line1", "line2", "city", "region", "postal_code")
    address = {**{name: p[name] for name in parts}, "country": "GB"}
    first = shop.place(
        customer_id=ADA,
        shipping_address={**address, "name": p["old_name"]},
        note=p["note"],
        external_reference=p["external_reference"],
    )

    def ask(word: str, **body: Any) -> None:
        answer = shop.change(first, word, body)
        assert answer.status_code == 200, answer.content

    ask("change-shipping-address", shipping_address=address)
    ask("add-note", text=p["later_note"])
    ask("confirm")
    card = {"amount": "5.00", "method": "card"}
    ask("record-payment-failure", **card, reason=p["failed_payment"])
    ask("capture-payment", **card, reference=p["payment"])
    again = {**card, "reference": p["payment"]}
    refused = shop.change(first, "capture-payment", again, Idempotency_Key="k")
    assert refused.json()["code"] == "duplicate-payment"
    one = [{"line_id": 1, "quantity": 1}]
    ask("cancel-lines", lines=one, reason=p["cancelled_lines"])
    ask("ship", carrier="DHL", tracking_number=p["tracking"])
    ask("record-delivery-failure", shipment_id=1, reason=p["delivery"])
    ask("return-lines", lines=one, reason=p["returned"])
    ask("refund", amount="1.00", reason=p["refund"])
    second = shop.place(customer_id=ADA, shipping_address=address)
    assert shop.change(second, "cancel", {"reason": p["cancelled"]}).status_code == 200
    return [first, second]


def forget(customer_id: str = ADA, *more: str) -> str:
    out = io.StringIO()
    arguments = ("forget", customer_id, "--reason", "asked for it", "--yes", *more)
    call_command("event_store", *arguments, stdout=out)
    return out.getvalue()


def react(event: Any) -> None:
    reactor = registry.reactors()["erase_forgotten_customers"]
    assert reactor.takes(event)
    assert list(reactor.react(event)) == []


def found() -> set[str]:
    return everywhere.with_any(*PERSONAL.values())
