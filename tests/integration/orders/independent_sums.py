"""What products and customers must say, from the log's raw JSON: none of our code folds
here. Orders are folded as a whole first, and then added up; a projection never sees
them so.
"""

from collections import Counter, defaultdict
from decimal import Decimal
from itertools import permutations
from typing import Any

Orders = dict[str, dict]
CLOSED = ("cancelled", "expired")


def products(orders: Orders) -> dict[str, dict[str, Any]]:
    """SKU -> the product as the API shows it, amounts as decimals."""
    found = {}
    for sku, name in names(orders).items():
        holding = [each for each in orders.values() if sku in skus(each)]
        units, returned = 0, 0
        revenue, back = defaultdict(Decimal), defaultdict(Decimal)
        for order in holding:
            back[order["currency"]] += refunded(order)[sku]
            for id, line in order["lines"].items():
                if line["sku"] == sku:
                    stand = standing(order).get(id, 0)
                    units += stand
                    returned += line["returned"]
                    revenue[order["currency"]] += stand * line["unit_price"]
        found[sku] = {
            "sku": sku,
            "name": name,
            "orders": len(holding),
            "units": units,
            "revenue": dict(revenue),
            "returned_units": returned,
            "refunded": dict(back),
            "customers": len({each["customer_id"] for each in holding} - {"anonymous"}),
        }
    return found


def bought_with(orders: Orders) -> dict[str, list[tuple[str, str, int]]]:
    """SKU -> (other, its name, orders with both), most first."""
    called, pairs = names(orders), Counter()
    for order in orders.values():
        pairs.update(permutations(skus(order), 2))
    found: dict[str, list] = {sku: [] for sku in called}
    for (sku, other), count in sorted(pairs.items(), key=lambda each: (-each[1], each)):
        found[sku].append((other, called[other], count))
    return found


def customers(orders: Orders) -> dict[str, dict[str, Any]]:
    """Customer -> as the API shows that one, without features."""
    found = {}
    for id in {each["customer_id"] for each in orders.values()}:
        own = [each for each in orders.values() if each["customer_id"] == id]
        money = defaultdict(lambda: defaultdict(Decimal))
        for order in own:
            sums = money[order["currency"]]
            sums["placed"] += sum(
                (line["quantity"] - line["cancelled"]) * line["unit_price"]
                for line in order["lines"].values()
            )
            sums["captured"] += sum(each[0] for each in order["payments"])
            sums["refunded"] += sum(each[0] for each in order["refunds"])
        found[id] = {
            "customer_id": id,
            "orders": len(own),
            "units": sum(
                line["quantity"] - line["cancelled"]
                for order in own
                for line in order["lines"].values()
            ),
            **{
                name: {currency: sums[name] for currency, sums in money.items()}
                for name in ("placed", "captured", "refunded")
            },
            "lifetime_value": {
                currency: sums["captured"] - sums["refunded"]
                for currency, sums in money.items()
            },
            "returned_units": sum(
                line["returned"] for order in own for line in order["lines"].values()
            ),
            "cancelled_orders": sum(each["status"] in CLOSED for each in own),
            "first_order_at": min(each["placed_at"] for each in own),
            "last_order_at": max(each["placed_at"] for each in own),
        }
    return found


def standing(order: dict) -> dict[int, int]:
    """Units by line, of those that have some; nothing of a closed order."""
    if order["status"] in CLOSED:
        return {}
    units = {
        id: line["quantity"] - line["cancelled"] for id, line in order["lines"].items()
    }
    return {id: each for id, each in units.items() if each}


def skus(order: dict) -> set[str]:
    return {sku_of(order, id) for id in standing(order)}


def sku_of(order: dict, line: int) -> str:
    return order["lines"][line]["sku"]


def refunded(order: dict) -> Counter[str]:
    """SKU -> money: one returned unit after the other, until the money is gone."""
    purse = sum(each[0] for each in order["refunds"])
    found: Counter[str] = Counter()
    for id in sorted(order["lines"]):
        for _ in range(order["lines"][id]["returned"]):
            paid = min(purse, order["lines"][id]["unit_price"])
            purse -= paid
            found[sku_of(order, id)] += paid
    return found


def names(orders: Orders) -> dict[str, str]:
    """SKU -> the name that most lines give it."""
    given: dict[str, Counter[str]] = defaultdict(Counter)
    for order in orders.values():
        for line in order["lines"].values():
            given[line["sku"]][line["name"]] += 1
    return {
        sku: min(each, key=lambda name: (-each[name], name))
        for sku, each in given.items()
    }
