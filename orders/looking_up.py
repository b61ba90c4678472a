"""Finds orders by what a customer may say: the order's id, a reference of theirs, the
customer's id or a tracking number. Whole ones, in any case; each from an index.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Q, QuerySet

from eventstore import store
from orders import found, search_words, streams
from orders.models import OrderSummary
from projections import reading

LONGEST = 200  # characters of what is looked for
# Orders that have it as any identifier. No tracking number is of so many, and the words
# of a product that is in more are not looked through.
MOST = 2_000

BY_IDENTIFIER = """
WITH found AS MATERIALIZED (
    SELECT order_id, folded
    FROM orders_order_search
    WHERE identifiers @@ %(lexeme)s::tsquery
    LIMIT %(limit)s
)
SELECT order_id
FROM found
WHERE lower(%(text)s) IN (
    lower(folded ->> 'reference'),
    lower(folded ->> 'customer_id')
) OR EXISTS (
    SELECT
    FROM jsonb_array_elements_text(folded -> 'tracking') number
    WHERE lower(number) = lower(%(text)s)
)
"""

# Of ordered orders, those that are meant: the first ones.
Group = Callable[..., list[OrderSummary]]


def order_id_in(text: str) -> UUID | None:
    """The id that the text is, in any spelling, also as the name of a stream."""
    try:
        return UUID(text.lower().removeprefix(streams.ORDER.stream("")))
    except ValueError:
        return None


def exists(order_id: UUID) -> bool:
    """Whether the log has the order, read already or not."""
    return store.version_of(streams.ORDER.stream(order_id)) > 0


def can_be(text: str) -> bool:
    """Whether anything can be found by it; PostgreSQL knows no NUL."""
    return 0 < len(text) <= LONGEST and "\x00" not in text


def meant_by(text: str) -> Group:
    """Orders with the reference or the customer's id as it is given, and those with one
    of these or a tracking number in another case. For cursors.page_in_turn.
    """
    ids = _by_identifier(text)
    conditions = [Q(external_reference=text), Q(customer_id=text)]
    conditions += [Q(pk__in=ids)] if ids else []

    def first(orders: QuerySet[OrderSummary], /, *, limit: int) -> list[OrderSummary]:
        # Each by itself, in the order of its index: with OR the planner walks along the
        # times, and passes every order since the customer's last one.
        of_each = [each for met in conditions for each in orders.filter(met)[:limit]]
        once = {each.pk: each for each in of_each}
        return sorted(once.values(), key=_newest, reverse=True)[:limit]

    return first


def _newest(order: OrderSummary) -> tuple[object, UUID]:
    return (order.placed_at, order.order_id)


def _by_identifier(text: str) -> Sequence[UUID]:
    lexeme = search_words.identifier(text)
    if not lexeme:
        return []
    parameters: dict[str, str | int] = {
        "lexeme": search_words.quoted(lexeme),
        "text": " ".join(text.split()),
        "limit": MOST,
    }
    using = reading.alias()
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(found.ONLY_BY_INDEX)
        cursor.execute(BY_IDENTIFIER, parameters)
        return [id for (id,) in cursor.fetchall()]
