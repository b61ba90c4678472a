"""How pages show amounts."""

from decimal import Decimal

from django import template

from orders.domain import money

register = template.Library()


@register.filter
def amount(value: Decimal) -> str:
    """With 2 to 4 fraction digits: "1,234.50"."""
    return f"{money.normalise(value):,f}"
