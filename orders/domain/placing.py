"""Rules for placing an order and for editing it while it is pending."""

from decimal import Decimal

from orders.domain import commands, errors, events, guards, money
from orders.domain.order import Order
from orders.domain.rules import Rules


def place(command: commands.PlaceOrder, *, rules: Rules) -> events.OrderPlaced:
    if not command.lines:
        raise errors.NoLines()
    if len(command.lines) > rules.max_lines:
        raise errors.TooManyLines(lines=len(command.lines), allowed=rules.max_lines)
    total = sum(
        (
            money.line_total(quantity=line.quantity, unit_price=line.unit_price)
            for line in command.lines
        ),
        start=money.ZERO,
    )
    guards.require_total_fits(total)
    _require_minimum(total, currency=command.currency, rules=rules)
    return events.OrderPlaced(
        customer_id=command.customer_id,
        currency=command.currency,
        lines=tuple(
            _placed(line, line_id) for line_id, line in enumerate(command.lines, 1)
        ),
        shipping_address=command.shipping_address,
        order_id=command.order_id,
        external_reference=command.external_reference,
        note=command.note,
        channel=command.channel,
    )


def add_line(
    order: Order, command: commands.AddLine, *, rules: Rules
) -> events.LineAdded:
    guards.require_pending(order)
    if len(order.lines) >= rules.max_lines:
        raise errors.TooManyLines(lines=len(order.lines) + 1, allowed=rules.max_lines)
    added = money.line_total(quantity=command.quantity, unit_price=command.unit_price)
    guards.require_total_fits(order.total + added)
    return events.LineAdded(
        line_id=order.last_line_id + 1,
        sku=command.sku,
        name=command.name,
        quantity=command.quantity,
        unit_price=money.normalise(command.unit_price),
    )


def change_line_quantity(
    order: Order, command: commands.ChangeLineQuantity, *, rules: Rules
) -> events.LineQuantityChanged:
    guards.require_pending(order)
    line = guards.line(order, line_id=command.line_id)
    # Only history that was imported has shipments while the order is pending.
    if command.quantity < line.cancelled + line.shipped:
        raise errors.AlreadyShipped(units_shipped=line.shipped)
    units = command.quantity - line.quantity
    total = order.total + money.line_total(quantity=units, unit_price=line.unit_price)
    _require_total(order, total=total, rules=rules)
    return events.LineQuantityChanged(
        line_id=command.line_id, quantity=command.quantity
    )


def remove_line(
    order: Order, command: commands.RemoveLine, *, rules: Rules
) -> events.LineRemoved:
    guards.require_pending(order)
    line = guards.line(order, line_id=command.line_id)
    if line.shipped:
        raise errors.AlreadyShipped(units_shipped=line.shipped)
    if len(order.lines) == 1:
        raise errors.LastLine(line_id=command.line_id)
    _require_total(order, total=order.total - line.total, rules=rules)
    return events.LineRemoved(line_id=command.line_id)


def change_shipping_address(
    order: Order, command: commands.ChangeShippingAddress
) -> events.ShippingAddressChanged:
    guards.require_open(order)
    guards.require_nothing_shipped(order)
    return events.ShippingAddressChanged(shipping_address=command.shipping_address)


def _placed(line: commands.NewLine, line_id: int) -> events.PlacedLine:
    return events.PlacedLine(
        line_id=line_id,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        unit_price=money.normalise(line.unit_price),
    )


def _require_total(order: Order, *, total: Decimal, rules: Rules) -> None:
    guards.require_total_fits(total)
    # An order that is below the minimum already (imported, or placed under another
    # configuration) may still grow.
    if total < order.total:
        _require_minimum(total, currency=order.currency, rules=rules)
        if total < order.captured:
            raise errors.BelowCaptured(total=total, captured=order.captured)


def _require_minimum(total: Decimal, *, currency: str, rules: Rules) -> None:
    minimum = rules.minimum_order_amount(currency=currency)
    if total < minimum:
        raise errors.MinimumOrderAmount(total=total, minimum=minimum, currency=currency)
