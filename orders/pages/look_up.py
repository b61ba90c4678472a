"""/orders/: finds orders by what a customer may say, or lists the newest."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from api import cursors
from api.cursors import Page
from orders import looking_up, queries
from orders.models import OrderSummary
from orders.pages import freshness, personal, statuses, visitors

NEWEST = ("-placed_at", "-order_id")
# What the list is read from; the second only where something is looked for.
READ = ("order_summary", "order_search")


@visitors.look_at_orders
@require_safe
def look_up(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    if not text:
        return _show(request, "", _page(request, cursors.everything), READ[:1])
    if not looking_up.can_be(text):
        return _show(request, text, Page([], None), READ, status=422)
    if (id := looking_up.order_id_in(text)) and looking_up.exists(id):
        return _to(id)
    page = _page(request, looking_up.meant_by(text))
    if len(page.rows) == 1 and "cursor" not in request.GET and not page.next:
        return _to(page.rows[0].order_id)
    return _show(request, text, page, READ)


def _page(request: HttpRequest, group: looking_up.Group) -> Page[OrderSummary]:
    return cursors.page_in_turn(
        queries.summaries(), request=Request(request), ordering=NEWEST, groups=[group]
    )


def _show(
    request: HttpRequest,
    text: str,
    page: Page[OrderSummary],
    read: Sequence[str],
    *,
    status: int = 200,
) -> HttpResponse:
    in_clear = visitors.may_see_personal_texts(request)
    shown = {
        "q": text,
        "rows": [_row(each, in_clear=in_clear) for each in page.rows],
        "next": page.next,
        "is_first": "cursor" not in request.GET,
        "too_long": len(text) > looking_up.LONGEST,
        "longest": looking_up.LONGEST,
        "freshness": freshness.of_list(read),
    }
    return visitors.show(request, "orders/look_up.html", shown, status=status)


def _row(order: OrderSummary, *, in_clear: bool) -> dict[str, Any]:
    return {
        "order": order,
        "reference": personal.text(order.external_reference, in_clear=in_clear),
        "axes": statuses.of(order),
    }


def _to(order_id: object) -> HttpResponse:
    answer = redirect("order-page", order_id=order_id)
    answer.status_code = 303
    return answer
