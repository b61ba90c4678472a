"""The log in Django's admin: read-only, on indexed columns, without counting."""

from contextvars import ContextVar
from typing import Any
from uuid import UUID

import msgspec
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from eventstore import (
    errors,
    payloads,
    personal_texts,
    showing,
    store,
    streams,
    time_travel,
)
from eventstore.models import Event, ListedSnapshot, Stream
from eventstore.paging import EstimatedChangeList, EstimatedPaginator
from eventstore.streams import StreamType

# A stream's page lists so many of its newest events; all are in the list of events.
LISTED = 100
LONGEST_POSITION = 18  # digits that a bigint holds in any case

# Read tables with a row for each stream of a type, keyed by the stream's id.
_rows: dict[str, list[type[Model]]] = {}


def show_rows(stream_type: StreamType, *models: type[Model]) -> None:
    """Lets a stream's page link to its rows in read tables that are in the admin."""
    _rows.setdefault(stream_type.name, []).extend(models)


# Whether the one who looks may see personal texts, while a page is made: the methods
# that show a field are given the row alone.
_may_see: ContextVar[bool] = ContextVar("may_see", default=False)


def may_see_payload() -> bool:
    """Whether the page that is made now may show payloads and personal texts."""
    return _may_see.get()


class ReadOnly(admin.ModelAdmin[Any]):
    """Shows, and changes nothing; for tables that only code may write."""

    paginator = EstimatedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each facet would count
    list_per_page = 50

    def get_changelist(
        self, request: HttpRequest, **kwargs: Any
    ) -> type[EstimatedChangeList]:
        return EstimatedChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Every page asks for its rows first, in the thread that then renders it.
        _may_see.set(payloads.may_see(request.user))
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows

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
        return [(name, name) for name in sorted(_type_names())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not (name := self.value()):
            return queryset
        return queryset.filter(type__in=streams.stored_names([name]))


class LogAdmin(ReadOnly):
    ordering = ("-position",)
    search_fields = ("stream",)  # shows the box; get_search_results does the search
    sortable_by = ("position",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A position, an id, an event type, or the beginning of a stream's name."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if (one := _one_event(term)) is not None:
            return queryset.filter(self.of_event(one)), False
        if term in _type_names():
            return queryset.filter(type__in=streams.stored_names([term])), False
        return queryset.filter(stream__gte=term, stream__lt=term + "\U0010ffff"), False

    def of_event(self, found: Q) -> Q:
        """What to list for a term that names events."""
        return found

    @admin.display(description="recorded at")
    def recorded(self, event: Event) -> SafeString:
        return showing.moment(event.recorded_at)


@admin.register(Event)
class EventAdmin(LogAdmin):
    list_display = ("position", "type", "short_stream", "version", "recorded")
    list_filter = (TypeFilter,)
    search_help_text = (
        "A position, the id of an order or event, an event type, "
        "or how a stream's name begins."
    )
    fields = (
        "position",
        "console",
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

    @admin.display(description="in the console")
    def console(self, event: Event) -> SafeString:
        return console_link("event", event.position, text="causes, effects, upcasts")

    @admin.display(description="occurred at")
    def occurred(self, event: Event) -> SafeString:
        return showing.moment(event.occurred_at)

    @admin.display(description="stream")
    def short_stream(self, event: Event) -> SafeString:
        return stream_link(event.stream, text=showing.short_id(event.stream))

    @admin.display(description="stream")
    def stream_link(self, event: Event) -> SafeString:
        return stream_link(event.stream)

    @admin.display(description="data")
    def pretty_data(self, event: Event) -> SafeString:
        # As it is stored; for who may see it with the personal texts that a key opens.
        recorded = store.read_events([event.event_id])[event.event_id]
        try:
            envelope = payloads.shown(recorded, may_see=may_see_payload(), stored=True)
            return showing.pretty(envelope["data"])
        except errors.EventStoreError as error:
            return showing.block(f"cannot be decrypted: {error}")

    @admin.display(description="metadata")
    def pretty_metadata(self, event: Event) -> SafeString:
        return showing.pretty(
            {
                name: value
                for name, value in event.metadata.items()
                if name != personal_texts.ENCRYPTED
            }
        )


@admin.register(Stream)
class StreamAdmin(LogAdmin):
    list_display = ("short_stream", "position", "begun_with", "recorded")
    list_display_links = ("short_stream",)
    search_help_text = (
        "An order's id, the position or id of an event, the type of the first event, "
        "or how a stream's name begins."
    )
    fields = ("stream", "console", "newest_version", "rows", "newest_events", "state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stream]:
        events_of_all: QuerySet[Stream] = super().get_queryset(request)
        return events_of_all.filter(version=1)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Stream | None:
        """By its name, too: /admin/eventstore/stream/order-…/change/."""
        if object_id.isdecimal():
            return super().get_object(request, object_id, from_field)
        return self.get_queryset(request).filter(stream=object_id).first()

    def of_event(self, found: Q) -> Q:
        return Q(stream__in=Event.objects.filter(found).values("stream"))

    @admin.display(description="stream")
    def short_stream(self, first: Stream) -> SafeString:
        return showing.short_id(first.stream)

    @admin.display(description="begun with")
    def begun_with(self, first: Stream) -> str:
        return first.type

    @admin.display(description="in the console")
    def console(self, first: Stream) -> SafeString:
        return console_link("stream", first.stream, text="history and time travel")

    @admin.display(description="version")
    def newest_version(self, first: Stream) -> int:
        return store.version_of(first.stream)

    @admin.display(description="rows in read tables")
    def rows(self, first: Stream) -> str:
        name, _, id = first.stream.partition("-")
        links = [(row_link(model, id),) for model in _rows.get(name, [])]
        return format_html_join(" · ", "{}", links) or "-"

    @admin.display(description="events, newest first")
    def newest_events(self, first: Stream) -> SafeString:
        newest = Event.objects.filter(stream=first.stream).order_by("-version")
        rows = list(newest.defer("data", "metadata")[:LISTED])
        return format_html(
            "<table><thead><tr><th>Version</th><th>Type</th><th>Occurred at</th>"
            "<th>Recorded at</th></tr></thead><tbody>{}</tbody></table>{}",
            format_html_join(
                "",
                "<tr><td>{}</td><td><a href='{}'>{}</a></td>"
                "<td>{}</td><td>{}</td></tr>",
                (
                    (
                        each.version,
                        reverse("admin:eventstore_event_change", args=[each.position]),
                        each.type,
                        showing.moment(each.occurred_at),
                        showing.moment(each.recorded_at),
                    )
                    for each in rows
                ),
            ),
            _all_events(first.stream) if len(rows) == LISTED else "",
        )

    @admin.display(description="state now")
    def state(self, first: Stream) -> SafeString:
        try:
            now = time_travel.state_at(
                first.stream, version=store.MAX_VERSION, masked=not may_see_payload()
            )
        except Exception as error:
            # Whatever the domain finds wrong with them, its events are shown. What it
            # says may have their data.
            if not may_see_payload():
                return showing.block(f"cannot be folded: {type(error).__name__}")
            return showing.block(f"cannot be folded: {type(error).__name__}: {error}")
        return showing.pretty(msgspec.to_builtins(now))


@admin.register(ListedSnapshot)
class SnapshotAdmin(ReadOnly):
    """A list alone: states have personal data, and are encrypted where they have."""

    list_display = ("short_stream", "version", "recorded", "size", "code", "encrypted")
    list_display_links = None
    ordering = ("stream", "fingerprint")
    sortable_by = ()
    search_fields = ("stream",)  # shows the box; get_search_results does the search
    search_help_text = "How a stream's name begins."

    def get_queryset(self, request: HttpRequest) -> QuerySet[ListedSnapshot]:
        rows: QuerySet[ListedSnapshot] = super().get_queryset(request)
        return rows.defer("state").annotate(bytes=Length("state"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        beyond = term + "\U0010ffff"
        if not term:
            return queryset, False
        return queryset.filter(stream__gte=term, stream__lt=beyond), False

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> None:
        return None

    @admin.display(description="stream")
    def short_stream(self, row: ListedSnapshot) -> SafeString:
        return stream_link(row.stream, text=showing.short_id(row.stream))

    @admin.display(description="recorded at")
    def recorded(self, row: ListedSnapshot) -> SafeString:
        return showing.moment(row.recorded_at)

    @admin.display(description="bytes")
    def size(self, row: Any) -> SafeString:
        return format_html("<span class='number'>{}</span>", f"{row.bytes:,}")

    @admin.display(description="made by code")
    def code(self, row: ListedSnapshot) -> str:
        return row.fingerprint[:12]

    @admin.display(boolean=True)
    def encrypted(self, row: ListedSnapshot) -> bool:
        return bool(row.key_id)


def stream_link(stream: str, *, text: str = "") -> SafeString:
    """A link to a stream's page, with its name if no other text is given."""
    url = reverse("admin:eventstore_stream_change", args=[quote(stream)])
    return format_html("<a href='{}'>{}</a>", url, text or stream)


def console_link(page: str, key: object, *, text: str) -> SafeString:
    """A link to a page of the operations console, by its URL's name."""
    return format_html("<a href='{}'>{}</a>", reverse(f"ops:{page}", args=[key]), text)


def row_link(model: type[Model], id: object) -> SafeString:
    """A link to the row with this key; says so where there is none (yet)."""
    name = model._meta.verbose_name
    try:
        exists = model._default_manager.filter(pk=id).exists()
    except ValidationError:
        exists = False  # the key is no id of this table
    if not exists:
        return format_html("<span class='quiet'>no {} yet</span>", name)
    meta = model._meta
    page = f"admin:{meta.app_label}_{meta.model_name}_change"
    return format_html(
        "<a href='{}'>{}</a>", reverse(page, args=[quote(str(id))]), name
    )


def id_in(term: str) -> UUID | None:
    """The UUID that a search term is, in any of its spellings."""
    try:
        return UUID(term)
    except ValueError:
        return None


def _one_event(term: str) -> Q | None:
    """Events by position or by id: their own, or that of what the stream is about."""
    if id := id_in(term):
        names = [each.stream(id) for each in streams.registered()]
        return Q(stream__in=names) | Q(event_id=id)
    if not term.isdecimal():
        return None
    if len(term) > LONGEST_POSITION:
        return Q(pk__in=[])
    return Q(position=int(term))


def _type_names() -> set[str]:
    return {event.name for each in streams.registered() for event in each.events}


def _all_events(stream: str) -> SafeString:
    url = reverse("admin:eventstore_event_changelist", query={"q": stream})
    return format_html("<p><a href='{}'>All events</a></p>", url)
