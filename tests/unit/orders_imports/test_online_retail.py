"""Expected figures are counted by hand from online_retail_sample.csv."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from orders.domain import events, evolve
from orders.domain.order import Order
from orders.domain.values import LineQuantity
from orders.imports import online_retail
from orders.imports.online_retail_file import HEADER
from tests.unit.orders_imports import samples


@pytest.fixture(scope="module")
def result() -> samples.Result:
    return samples.gather(online_retail.read(samples.ONLINE_RETAIL).mapped)


def id_of(invoice: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"online-retail:{invoice}")


def order_of(result: samples.Result, invoice: str) -> Order:
    order: Order | None = None
    for event, at in result.orders[id_of(invoice)]:
        order = evolve.evolve(order, event, at=at)
    assert order
    return order


def returned(*parts: tuple[int, int], reason: str) -> events.LinesReturned:
    lines = tuple(LineQuantity(line_id=id, quantity=units) for id, units in parts)
    return events.LinesReturned(lines=lines, reason=reason)


def refunded(amount: str, *, reason: str) -> events.PaymentRefunded:
    return events.PaymentRefunded(amount=Decimal(amount), reason=reason)


def test_it_accounts_for_every_line(result):
    assert (result.read, result.imported, len(result.rejects)) == (29, 19, 10)


def test_it_makes_an_order_of_each_invoice_with_a_positive_line(result):
    numbers = [1001, 1002, 1003, 1004, 1005, 1007, 1008, 1015, 1017, 1019]
    assert list(result.orders) == [id_of(str(number)) for number in numbers]
    assert sum(len(placed.lines) for placed in result.all(events.OrderPlaced)) == 14
    assert sum(each.amount for each in result.all(events.PaymentCaptured)) == Decimal(
        "138.991"
    )


def test_it_tells_the_whole_life_of_an_order(result):
    placed, confirmed, paid, sent, *later = result.events(id_of("1001"))
    assert placed.customer_id == placed.shipping_address.name == "501"
    assert (placed.currency, placed.external_reference) == ("GBP", "1001")
    assert placed.shipping_address.country == "United Kingdom"
    assert placed.shipping_address.line1 == placed.shipping_address.city == "unknown"
    assert [
        (line.line_id, line.sku, line.name, line.quantity, str(line.unit_price))
        for line in placed.lines
    ] == [
        (1, "TEA01", "GREEN TEA", 6, "2.50"),
        (2, "MUG-A", "MUG, BLUE", 2, "4.25"),
        (3, "TEA01", "GREEN TEA", 6, "2.50"),
    ]
    assert confirmed == events.OrderConfirmed()
    assert paid == events.PaymentCaptured(
        amount=Decimal("38.50"), method="import", reference="1001"
    )
    assert (sent.shipment_id, sent.carrier, sent.tracking_number) == (
        1,
        "import",
        "1001",
    )
    assert [(part.line_id, part.quantity) for part in sent.lines] == [
        (1, 6),
        (2, 2),
        (3, 6),
    ]
    assert later == [
        returned((1, 6), (3, 2), reason="C1010"),
        refunded("20.00", reason="C1010"),
        returned((2, 2), (3, 4), reason="C1011"),
        refunded("18.50", reason="C1011"),
    ]


def test_it_takes_returns_from_the_latest_order_at_the_price_paid_there(result):
    *_, back, money = result.events(id_of("1002"))
    assert back == returned((1, 4), reason="C1010")
    assert money == refunded("11.00", reason="C1010")


def test_it_leaves_orders_of_others_and_later_ones_alone(result):
    for invoice in ("1003", "1008", "1015"):
        assert not order_of(result, invoice).units_returned


def test_it_counts_returns_and_refunds(result):
    returns = result.all(events.LinesReturned)
    assert len(returns) == 5
    assert sum(part.quantity for each in returns for part in each.lines) == 21
    refunds = result.all(events.PaymentRefunded)
    assert len(refunds) == 4  # what was free is returned without one
    assert sum(each.amount for each in refunds) == Decimal("49.501")


def test_it_keeps_thousandths_of_a_pound(result):
    order = order_of(result, "1004")
    assert order.total == order.captured == order.refunded == Decimal("0.001")
    assert order.payment_status == "refunded"


def test_it_pays_nothing_for_a_total_of_zero(result):
    order = order_of(result, "1005")
    assert order.customer_id == "anonymous"
    assert order.lines[0].name == "GIFT"  # without a description: its code
    assert (order.payments, order.payment_status) == ((), "paid")


def test_it_takes_the_time_of_an_invoice_from_its_first_line(result):
    times = {at for _, at in result.orders[id_of("1007")]}
    assert times == {datetime(2011, 3, 4, 8, tzinfo=UTC)}
    assert [line.name for line in order_of(result, "1007").lines] == [
        "MUG BLUE £20",
        'BOX 7" ROUND',
    ]


def test_it_rejects_with_line_number_reason_and_raw_line(result):
    assert [(reject.number, reject.reason) for reject in result.rejects] == [
        (9, "stock-write-off"),
        (13, "stock-write-off"),
        (14, "adjustment"),
        (17, "partly-matched"),
        (18, "no-matching-purchase"),
        (20, "no-customer"),
        (22, "no-matching-purchase"),
        (24, "no-matching-purchase"),
        (28, "malformed-line"),
        (29, "malformed-line"),
    ]
    lines = samples.ONLINE_RETAIL.read_text(encoding="utf-8").splitlines()
    assert all(reject.raw == lines[reject.number - 1] for reject in result.rejects)
    assert result.rejects[3].detail == "4 of 6 units are returned"


def test_it_makes_histories_that_fold(result):
    fulfilment = Counter(
        str(order_of(result, placed.external_reference).fulfillment_status)
        for placed in result.all(events.OrderPlaced)
    )
    assert fulfilment == {"shipped": 6, "returned": 3, "partially_returned": 1}


def test_it_names_the_same_commands_whenever_it_reads():
    def named():
        mapped = online_retail.read(samples.ONLINE_RETAIL).mapped
        return [
            (history.order_id, history.command_id, history.events)
            for each in mapped
            for history in each.histories
        ]

    first = named()
    assert first == named()
    assert "import:online-retail:C1010" in {command for _, command, _ in first}
    assert len({(order, command) for order, command, _ in first}) == len(first)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (
            ["1,X,THING,1000000,2011-01-04 10:00:00,99999999,1.0,EIRE"] * 2,
            "total-too-large",
        ),
        (["1,X,THING,1,2011-01-04 10:00:00,0,1.0,EIRE"] * 2_001, "too-many-lines"),
        (["1,X,THING,1,2011-01-04 10:00:00,-1,1.0,EIRE"], "malformed-line"),
        (["C1,X,THING,1,2011-01-04 10:00:00,1,1.0,EIRE"], "malformed-line"),
    ],
)
def test_it_rejects_lines_that_make_no_order(tmp_path, lines, reason):
    path = tmp_path / "odd.csv"
    path.write_text("\n".join([HEADER, *lines]))
    result = samples.gather(online_retail.read(path).mapped)
    assert [reject.reason for reject in result.rejects] == [reason] * len(lines)
    assert (result.orders, result.imported) == ({}, 0)


def test_it_rejects_a_line_of_another_customer_in_the_same_invoice(tmp_path):
    path = tmp_path / "odd.csv"
    line = "1,X,THING,1,2011-01-04 10:00:00,2.5,{}.0,EIRE"
    path.write_text("\n".join([HEADER, line.format(1), line.format(2)]))
    result = samples.gather(online_retail.read(path).mapped)
    assert [reject.number for reject in result.rejects] == [3]
    assert len(order_of(result, "1").lines) == 1
