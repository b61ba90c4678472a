from decimal import Decimal

import pytest

from orders.domain import axes


@pytest.mark.parametrize(
    ("total", "captured", "refunded", "expected"),
    [
        ("50.00", "0", "0", "unpaid"),
        ("50.00", "0.0001", "0", "partially_paid"),
        ("50.00", "49.9999", "0", "partially_paid"),
        ("50.00", "50.00", "0", "paid"),
        ("30.00", "50.00", "0", "paid"),  # lines were cancelled after the payment
        ("50.00", "50.00", "0.01", "partially_refunded"),
        ("50.00", "20.00", "0.01", "partially_refunded"),
        ("50.00", "50.00", "50.00", "refunded"),
        ("50.00", "20.00", "20.00", "refunded"),
        ("0", "0", "0", "paid"),
        ("0", "20.00", "20.00", "refunded"),
        ("50.00", "20.00", "30.00", "refunded"),  # only in history
    ],
)
def test_it_tells_the_payment_status(
    total: str, captured: str, refunded: str, expected: str
) -> None:
    status = axes.payment_status(
        total=Decimal(total), captured=Decimal(captured), refunded=Decimal(refunded)
    )
    assert status == expected


@pytest.mark.parametrize(
    ("ordered", "shipped", "delivered", "returned", "expected"),
    [
        (10, 0, 0, 0, "unfulfilled"),
        (10, 1, 0, 0, "partially_shipped"),
        (10, 9, 9, 0, "partially_shipped"),
        (10, 10, 0, 0, "shipped"),
        (10, 10, 9, 0, "shipped"),
        (10, 10, 10, 0, "delivered"),
        (10, 1, 0, 1, "partially_returned"),
        (10, 10, 10, 9, "partially_returned"),
        (10, 10, 0, 10, "returned"),
        (10, 10, 10, 10, "returned"),
        (0, 0, 0, 0, "unfulfilled"),  # everything was cancelled by lines
        (10, 11, 11, 0, "delivered"),  # only in history
    ],
)
def test_it_tells_the_fulfillment_status(
    ordered: int, shipped: int, delivered: int, returned: int, expected: str
) -> None:
    status = axes.fulfillment_status(
        ordered=ordered, shipped=shipped, delivered=delivered, returned=returned
    )
    assert status == expected


@pytest.mark.parametrize(
    ("captured", "delivered", "expected"),
    [
        ("50.00", 10, True),
        ("49.99", 10, False),
        ("50.00", 9, False),
        ("60.00", 10, True),
    ],
)
def test_it_tells_whether_anything_is_left_to_pay_or_deliver(
    captured: str, delivered: int, expected: bool
) -> None:
    assert expected is axes.is_fulfilled_and_paid(
        total=Decimal("50.00"),
        captured=Decimal(captured),
        ordered=10,
        delivered=delivered,
    )
