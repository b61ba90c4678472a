"""What a client's developer writes with the generated client: `shopper.py URL KEY`.

Places, ships and refunds an order, reads its own write, and prints what it saw as JSON.
A program of its own: types are checked, and the client is there while a test runs.
"""

import json
import sys
from typing import TypeVar
from uuid import uuid4

from orders_client import AuthenticatedClient
from orders_client.api.commands import (
    capture_payment,
    confirm_order,
    place_order,
    place_orders,
    refund_payment,
    ship_order,
)
from orders_client.api.queries import get_order, list_order_events
from orders_client.models import (
    Address,
    CapturePayment,
    CommandAnswer,
    EventPage,
    LineQuantity,
    NewLine,
    Order,
    PlacedResult,
    PlaceOrder,
    PlaceOrders,
    Problem,
    RefundPayment,
    ShipOrder,
)

T = TypeVar("T")
ADDRESS = Address(name="Ada Byron", line1="12 Mill Lane", city="Bath", country="GB")


def main(url: str, key: str) -> None:
    with AuthenticatedClient(base_url=url, token=key) as client:
        refunded = buy_and_return(client)
        whole = read(client, refunded)
        found = list_order_events.sync(refunded.order_id, client=client)
        seen = {
            "order": whole.to_dict(),
            "events": [each.type_ for each in is_a(EventPage, found).data],
            "refused": refuse(client, refunded).to_dict(),
            "bulk": place_two(client),
        }
    sys.stdout.write(json.dumps(seen))


def buy_and_return(client: AuthenticatedClient) -> CommandAnswer:
    """The answer to the last command."""
    key = str(uuid4())
    first, again = (
        place_order.sync_detailed(client=client, body=order(2), idempotency_key=key)
        for _ in range(2)
    )
    assert first.content == again.content
    assert again.headers["Idempotency-Replayed"] == "true"
    id = is_a(CommandAnswer, first.parsed).order_id
    is_a(CommandAnswer, confirm_order.sync(id, client=client))
    payment = CapturePayment(amount="15.00", method="card", reference="ch_1815")
    is_a(CommandAnswer, capture_payment.sync(id, client=client, body=payment))
    parcel = ShipOrder(
        carrier="DHL",
        tracking_number="JD0001",
        lines=[LineQuantity(line_id=1, quantity=1)],
    )
    is_a(CommandAnswer, ship_order.sync(id, client=client, body=parcel))
    refund = RefundPayment(amount="7.50", reason="One was broken")
    return is_a(CommandAnswer, refund_payment.sync(id, client=client, body=refund))


def read(client: AuthenticatedClient, written: CommandAnswer) -> Order:
    """The order, with what was written: as long as it takes, at most 20 s."""
    found = get_order.sync(
        written.order_id,
        client=client,
        consistency_token=written.consistency_token,
        prefer="wait=20",
    )
    return is_a(Order, found)


def refuse(client: AuthenticatedClient, written: CommandAnswer) -> Problem:
    refund = RefundPayment(amount="99.00", reason="All of it")
    found = refund_payment.sync(written.order_id, client=client, body=refund)
    return is_a(Problem, found)


def place_two(client: AuthenticatedClient) -> list[str]:
    """What became of a good order and one below the least amount."""
    body = PlaceOrders(orders=[order(2), order(1)])
    answer = place_orders.sync(client=client, body=body)
    assert answer is not None
    assert not isinstance(answer, Problem)
    return [
        "placed"
        if isinstance(each, PlacedResult)
        else each.code
        if isinstance(each, Problem)
        else "tried"
        for each in answer.results
    ]


def order(quantity: int) -> PlaceOrder:
    line = NewLine(sku="MUG-1", name="Mug", quantity=quantity, unit_price="7.50")
    return PlaceOrder(
        customer_id="ada", currency="EUR", lines=[line], shipping_address=ADDRESS
    )


def is_a(kind: type[T], found: object) -> T:
    assert isinstance(found, kind), found
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
