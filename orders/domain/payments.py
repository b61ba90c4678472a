"""Rules for money: it is recorded in every status, also when it comes too late."""

from orders.domain import commands, errors, events, money
from orders.domain.order import Order


def capture(order: Order, command: commands.CapturePayment) -> events.PaymentCaptured:
    if any(payment.reference == command.reference for payment in order.payments):
        raise errors.DuplicatePayment()
    if order.captured + command.amount > order.total:
        raise errors.OverCapture(
            amount=command.amount, captured=order.captured, total=order.total
        )
    return events.PaymentCaptured(
        amount=money.normalise(command.amount),
        method=command.method,
        reference=command.reference,
    )


def record_failure(command: commands.RecordPaymentFailure) -> events.PaymentFailed:
    return events.PaymentFailed(
        amount=money.normalise(command.amount),
        method=command.method,
        reason=command.reason,
    )


def refund(order: Order, command: commands.RefundPayment) -> events.PaymentRefunded:
    refundable = order.captured - order.refunded
    if command.amount > refundable:
        raise errors.OverRefund(amount=command.amount, refundable=refundable)
    return events.PaymentRefunded(
        amount=money.normalise(command.amount), reason=command.reason
    )
