"""The log in Django's admin: read-only, on indexed columns, without counting."""

import json
from typing import Any, cast

import msgspec
from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from eventstore import events, store, streams, time_travel
from eventstore.models import Event, Stream

# A stream's page lists so many of its newest events; all are in the list of events.
LISTED = 100


class EstimatedPaginator(Paginator[Any]):
    """Pages without COUNT(*), which would read the whole log.

    Up to COUNTED rows are counted by fetching their keys; beyond that the planner's
    estimate of the table stands in, so that under a filter the last pages are empty.
    """

    COUNTED = 1000

    @cached_property
    def count(self) -> int:
        rows = cast(QuerySet[Any], self.object_list)
        keys = rows.values_list("pk", flat=True)[: self.COUNTED + 1]
        counted = len(keys)
        if counted <= self.COUNTED:
            return counted
        return max(counted, _estimate(rows))


def _estimate(rows: QuerySet[Any]) -> int:
    with connections[rows.db].cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
            [rows.model._meta.db_table],
        )
        (estimate,) = cursor.fetchone()
    return int(estimate)


class ReadOnly(admin.ModelAdmin[Any]):
    """Shows, and changes nothing; for tables that only code may write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False


class TypeFilter(admin.SimpleListFilter):
    title = "type"
    parameter_name = "type"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        # The registered types: SELECT DISTINCT would read the whole table.
        names = {e.name for each in streams.registered() for e in each.events}
        return [(name, name) for name in sorted(names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(type=self.value()) if self.value() else queryset


class LogAdmin(ReadOnly):
    paginator = EstimatedPaginator
    show_full_result_count = False
    ordering = ("-position",)
    list_per_page = 50
    search_fields = ("stream",)  # shows the box; get_search_results does the search
    sortable_by = ("position",)
    show_facets = admin.ShowFacets.NEVER  # each facet would count

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A position, an event type, or the beginning of a stream's name."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isdecimal():
            return queryset.filter(position=int(term[:18])), False
        if any(term == e.name for each in streams.registered() for e in each.events):
            return queryset.filter(type=term), False
        return queryset.filter(stream__gte=term, stream__lt=term + "\U0010ffff"), False

    @admin.display(description="recorded at")
    def recorded(self, event: Event) -> str:
        return events.rfc3339(event.recorded_at)


@admin.register(Event)
class EventAdmin(LogAdmin):
    list_display = ("position", "type", "stream_link", "version", "recorded")
    list_filter = (TypeFilter,)
    search_help_text = "A position, an event type, or how a stream's name begins."
    fields = (
        "position",
        "event_id",
        "stream_link",
        "version",
        "type",
        "schema_version",
        "recorded",
        "occurred",
        "pretty_data",
        "pretty_metadata",
    )

    @admin.display(description="occurred at")
    def occurred(self, event: Event) -> str:
        return events.rfc3339(event.occurred_at)

    @admin.display(description="stream")
    def stream_link(self, event: Event) -> SafeString:
        return _link("event", {"q": event.stream}, event.stream)

    @admin.display(description="data")
    def pretty_data(self, event: Event) -> SafeString:
        return pretty(event.data)

    @admin.display(description="metadata")
    def pretty_metadata(self, event: Event) -> SafeString:
        return pretty(event.metadata)


@admin.register(Stream)
class StreamAdmin(LogAdmin):
    list_display = ("stream", "begun_with", "recorded")
    search_help_text = "A position, an event type, or how a stream's name begins."
    fields = ("stream", "newest_version", "newest_events", "state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stream]:
        events_of_all: QuerySet[Stream] = super().get_queryset(request)
        return events_of_all.filter(version=1)

    @admin.display(description="begun with")
    def begun_with(self, first: Stream) -> str:
        return first.type

    @admin.display(description="version")
    def newest_version(self, first: Stream) -> int:
        return store.version_of(first.stream)

    @admin.display(description="events, newest first")
    def newest_events(self, first: Stream) -> SafeString:
        rows = Event.objects.filter(stream=first.stream).order_by("-version")[:LISTED]
        return format_html(
            "<ol reversed start='{}'>{}</ol>",
            rows[0].version if rows else 0,
            format_html_join(
                "",
                "<li><a href='{}'>{}</a> {}</li>",
                (
                    (
                        reverse("admin:eventstore_event_change", args=[each.position]),
                        each.type,
                        events.rfc3339(each.recorded_at),
                    )
                    for each in rows
                ),
            ),
        )

    @admin.display(description="state now")
    def state(self, first: Stream) -> SafeString:
        now = time_travel.state_at(first.stream, version=store.MAX_VERSION)
        return pretty(msgspec.to_builtins(now))


def pretty(value: Any) -> SafeString:
    """JSON to read: indented, keys as stored."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html("<pre>{}</pre>", text)


def _link(model: str, query: dict[str, str], text: str) -> SafeString:
    url = reverse(f"admin:eventstore_{model}_changelist", query=query)
    return format_html("<a href='{}'>{}</a>", url, text)
