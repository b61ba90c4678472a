"""The read tables of orders in Django's admin; projections alone write them."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

import eventstore.admin
from eventstore import payloads, showing, time_travel
from eventstore.admin import ReadOnly
from orders.domain import document, money
from orders.domain.axes import Status
from orders.models import (
    BoughtOrder,
    CustomerOrder,
    ListedSalesDaily,
    OrderDetail,
    OrderMilestones,
    OrderProgress,
    OrderSales,
    OrderSearch,
    OrderSummary,
    ProductOrder,
    ProductSales,
)
from orders.streams import ORDER

# What a projection keeps of an order for its next event; what it has added to sums.
CONTRIBUTIONS = (
    OrderSales,
    OrderProgress,
    OrderSearch,
    ProductOrder,
    BoughtOrder,
    CustomerOrder,
)

# What these keep are texts of persons.
PERSONAL = (OrderSearch,)

eventstore.admin.show_rows(
    ORDER, OrderSummary, OrderDetail, OrderMilestones, *CONTRIBUTIONS
)

# What the list of orders shows of their JSON.
LISTED = (
    "customer_id",
    "external_reference",
    "status",
    "total",
    "currency",
    "placed_at",
)


class OrderRowAdmin(ReadOnly):
    """A row of one order: found by the order's id, linked with the order's stream."""

    search_fields = ("order_id",)  # shows the box; get_search_results does the search
    search_help_text = "An order's id, the whole of it."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip().removeprefix(ORDER.stream(""))
        return (queryset.filter(self.matching(term)) if term else queryset), False

    def matching(self, term: str) -> Q:
        id = eventstore.admin.id_in(term)
        return Q(pk=id) if id else Q(pk__in=[])

    @admin.display(description="order", ordering="order_id")
    def order_short(self, row: Any) -> SafeString:
        return showing.short_id(row.order_id)

    @admin.display(description="stream")
    def stream(self, row: Any) -> SafeString:
        name = ORDER.stream(row.order_id)
        return format_html(
            "{} · {}",
            eventstore.admin.stream_link(name),
            eventstore.admin.console_link("stream", name, text="history"),
        )


@admin.register(OrderSummary)
class OrderSummaryAdmin(OrderRowAdmin):
    list_display = (
        "order_short",
        "reference",
        "customer",
        "status",
        "payment",
        "fulfillment",
        "amount",
        "placed",
    )
    list_filter = ("status", "payment_status", "fulfillment_status")
    search_help_text = "An order's id, its reference or a customer's id, as they are."
    ordering = ("-placed_at", "-order_id")
    sortable_by = ("amount", "placed")
    fields = (
        "order_id",
        "stream",
        "detail",
        "version",
        "reference",
        "customer_id",
        "country",
        "status",
        "payment_status",
        "fulfillment_status",
        "amount",
        "captured_amount",
        "refunded_amount",
        "line_count",
        "units",
        "returned_units",
        "skus",
        "placed",
        "updated",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderSummary]:
        rows: QuerySet[OrderSummary] = super().get_queryset(request)
        return rows.defer("folded")

    def matching(self, term: str) -> Q:
        # As they are: any other comparison would read the whole table.
        named = Q(external_reference=term) | Q(customer_id=term)
        return named | super().matching(term)

    @admin.display(description="reference")
    def reference(self, row: OrderSummary) -> str | None:
        return _text(row.external_reference)

    @admin.display(description="customer")
    def customer(self, row: OrderSummary) -> str:
        return row.customer_id

    @admin.display(description="payment")
    def payment(self, row: OrderSummary) -> str:
        return row.payment_status

    @admin.display(description="fulfillment")
    def fulfillment(self, row: OrderSummary) -> str:
        return row.fulfillment_status

    @admin.display(description="total", ordering="total")
    def amount(self, row: OrderSummary) -> SafeString:
        return _amount(money.to_text(row.total), row.currency)

    @admin.display(description="captured")
    def captured_amount(self, row: OrderSummary) -> SafeString:
        return _amount(money.to_text(row.captured), row.currency)

    @admin.display(description="refunded")
    def refunded_amount(self, row: OrderSummary) -> SafeString:
        return _amount(money.to_text(row.refunded), row.currency)

    @admin.display(description="placed at", ordering="placed_at")
    def placed(self, row: OrderSummary) -> SafeString:
        return showing.moment(row.placed_at)

    @admin.display(description="updated at")
    def updated(self, row: OrderSummary) -> SafeString:
        return showing.moment(row.updated_at)

    @admin.display(description="whole order")
    def detail(self, row: OrderSummary) -> SafeString:
        return eventstore.admin.row_link(OrderDetail, row.order_id)


@admin.register(OrderDetail)
class OrderDetailAdmin(OrderRowAdmin):
    list_display = (
        "order_short",
        "customer",
        "reference",
        "status",
        "amount",
        "version",
        "placed",
    )
    ordering = ("order_id",)
    sortable_by = ("order_short",)
    fields = ("order_id", "stream", "summary", "version", "pretty_order")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderDetail]:
        # A page of 50 shows a few words of orders that may be 100 kB each.
        rows: QuerySet[OrderDetail] = super().get_queryset(request)
        words = {f"order_{name}": KT(f"order__{name}") for name in LISTED}
        return rows.defer("order").annotate(**words)

    @admin.display(description="customer")
    def customer(self, row: Any) -> str:
        return str(row.order_customer_id)

    @admin.display(description="reference")
    def reference(self, row: Any) -> str | None:
        return _text(row.order_external_reference)

    @admin.display(description="status")
    def status(self, row: Any) -> str:
        # Defaults are left out of the JSON.
        return row.order_status or Status.PENDING.value

    @admin.display(description="total")
    def amount(self, row: Any) -> SafeString:
        return _amount(row.order_total, row.order_currency)

    @admin.display(description="placed at")
    def placed(self, row: Any) -> SafeString:
        return showing.moment(datetime.fromisoformat(row.order_placed_at))

    @admin.display(description="summary")
    def summary(self, row: OrderDetail) -> SafeString:
        return eventstore.admin.row_link(OrderSummary, row.order_id)

    @admin.display(description="order")
    def pretty_order(self, row: OrderDetail) -> SafeString:
        if eventstore.admin.may_see_payload():
            return showing.pretty(row.order)
        # The same order, folded of events without their personal texts.
        stream = ORDER.stream(row.order_id)
        order = time_travel.state_at(stream, version=row.version, masked=True)
        return showing.pretty(document.render(order, order_id=str(row.order_id)))


@admin.register(*CONTRIBUTIONS)
class ContributionAdmin(OrderRowAdmin):
    list_display = ("order_short", "version")
    ordering = ("order_id",)
    sortable_by = ("order_short",)
    fields = ("order_id", "stream", "version", "pretty_folded")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("folded")

    @admin.display(description="folded")
    def pretty_folded(self, row: Any) -> SafeString:
        if type(row) in PERSONAL and not eventstore.admin.may_see_payload():
            return showing.pretty(payloads.hidden(row.folded))
        return showing.pretty(row.folded)


@admin.register(ProductSales)
class ProductSalesAdmin(ReadOnly):
    list_display = ("sku", "orders", "units", "returned_units", "all_revenue")
    search_fields = ("sku__exact",)
    search_help_text = "A SKU, as it is."
    ordering = ("sku",)
    sortable_by = ("sku",)

    @admin.display(description="revenue, all currencies")
    def all_revenue(self, row: ProductSales) -> str:
        return money.to_text(row.revenue)


@admin.register(OrderMilestones)
class OrderMilestonesAdmin(OrderRowAdmin):
    list_display = ("order_short", "placed", "completed_at", "cancelled_at")
    ordering = ("-placed_at",)
    sortable_by = ("placed",)
    fields = (
        "order_id",
        "stream",
        "placed",
        "confirmed_at",
        "paid_at",
        "shipped_at",
        "delivered_at",
        "completed_at",
        "cancelled_at",
        "returned_at",
    )

    @admin.display(description="placed at", ordering="placed_at")
    def placed(self, row: OrderMilestones) -> SafeString:
        return showing.moment(row.placed_at)


@admin.register(ListedSalesDaily)
class SalesDailyAdmin(ReadOnly):
    """A list without pages of single rows: its key is of three columns."""

    list_display = (
        "day",
        "currency",
        "country",
        "orders",
        "lines",
        "units",
        "placed_amount",
        "cancelled_amount",
        "returned_units",
        "refunded_amount",
    )
    list_display_links = None
    search_fields = ("=country", "=currency")
    search_help_text = "A country or a currency."
    ordering = ("-date", "currency", "country")
    sortable_by = ("day",)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> None:
        return None

    @admin.display(description="date", ordering="date")
    def day(self, row: ListedSalesDaily) -> str:
        return row.date.isoformat()

    @admin.display(description="placed")
    def placed_amount(self, row: ListedSalesDaily) -> SafeString:
        return _amount(money.to_text(row.placed), row.currency)

    @admin.display(description="cancelled")
    def cancelled_amount(self, row: ListedSalesDaily) -> SafeString:
        return _amount(money.to_text(row.cancelled), row.currency)

    @admin.display(description="refunded")
    def refunded_amount(self, row: ListedSalesDaily) -> SafeString:
        return _amount(money.to_text(row.refunded), row.currency)


def _text(personal: str | None) -> str | None:
    """A personal text as the one who looks may see it."""
    if personal is None or eventstore.admin.may_see_payload():
        return personal
    hidden: str = payloads.hidden(personal)
    return hidden


def _amount(amount: str, currency: str) -> SafeString:
    return format_html("<span class='number'>{} {}</span>", amount, currency)
