"""Projections in Django's admin: where each stands, and what operators did."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from eventstore import showing
from eventstore.admin import ReadOnly, stream_link
from projections import admin_buttons, failure, operations, status, terminal
from projections.admin_buttons import Button
from projections.models import AuditEntry, Checkpoint, DeadLetter, Operation
from projections.rebuilding import progress

# An operation that nobody has moved for so long may lack a worker. Seconds.
QUIET_S = 20
# How projections stand, while a page is made: the admin is one object for all threads.
_standing: ContextVar[Mapping[str, status.Status]] = ContextVar("standing")
# Read by shape as well as by colour.
_SIGNS = {
    "running": "●",
    "catching_up": "◐",
    "paused": "❚❚",
    "stalled": "▲",
    "faulted": "✖",
    "filling": "◌",
    "resting": "○",
    "tailing": "◌",
    "comparing": "◌",
    "ready": "▲",
    "swapping": "◌",
    "retrying": "◐",
    "parked": "✖",
    "finished": "●",
    "failed": "✖",
    "cancelled": "❚❚",
}


class WithButtons(ReadOnly):
    """Leads to the console's review pages, from the list and from the page of one."""

    def buttons(self, row: Any) -> list[Button]:
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        admin_buttons.remember(request.user)
        return super().get_queryset(request)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row: Model | None = self.get_object(request, object_id)
        shown = {"buttons": self.buttons(row) if row else []}
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **shown}
        )

    @admin.display(description="actions")
    def acts(self, row: Any) -> SafeString:
        return admin_buttons.drawn(self.buttons(row))


@admin.register(Checkpoint)
class CheckpointAdmin(WithButtons):
    """One line a partition; state, lag, rate and ETA are those of the projection."""

    list_display = (
        "projection",
        "acts",
        "role",
        "part",
        "state_now",
        "lag_events",
        "lag_seconds",
        "rate_now",
        "eta",
        "at_position",
        "advanced",
        "worker",
    )
    ordering = ("projection", "generation", "partition")
    sortable_by = ()
    fields = (
        "projection",
        "console",
        *list_display[2:5],
        "last_failure",
        "failures",
        "next_attempt",
        *list_display[5:],
        "version",
        "generation",
        "epoch",
        "event_id",
        "folded",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Checkpoint]:
        # One look at the whole engine serves all lines of the page.
        standing = {each.name: each for each in status.all()}
        _standing.set(standing)
        found: QuerySet[Checkpoint] = super().get_queryset(request)
        return found.filter(projection__in=standing)

    def buttons(self, row: Checkpoint) -> list[Button]:
        # On the first line of a projection that is split, and not of kept tables.
        standing = self._live(row)
        is_first = standing is not None and row.partition == 0
        return admin_buttons.of_projection(standing) if standing and is_first else []

    @admin.display(description="in the console")
    def console(self, row: Checkpoint) -> SafeString:
        url = reverse("ops:projection", args=[row.projection])
        return format_html("<a href='{}'>chart, batches, rebuilds</a>", url)

    def _live(self, row: Checkpoint) -> status.Status | None:
        """How its projection stands; None for tables that are not the live ones."""
        if row.role != Checkpoint.Role.LIVE:
            return None
        return _standing.get()[row.projection]

    @admin.display(description="partition")
    def part(self, row: Checkpoint) -> str:
        return f"{row.partition + 1} of {row.partitions}"

    @admin.display(description="state")
    def state_now(self, row: Checkpoint) -> SafeString:
        standing = self._live(row)
        state = standing.state if standing else row.state
        return _state(state)

    @admin.display(description="lag (events)")
    def lag_events(self, row: Checkpoint) -> SafeString:
        standing = self._live(row)
        return _number(f"{standing.lag_events:,}" if standing else "-")

    @admin.display(description="lag (s)")
    def lag_seconds(self, row: Checkpoint) -> SafeString:
        standing = self._live(row)
        return _number(f"{standing.lag_seconds:,.1f}" if standing else "-")

    @admin.display(description="events/s")
    def rate_now(self, row: Checkpoint) -> SafeString:
        standing = self._live(row)
        return _number(f"{standing.rate:,.0f}" if standing else "-")

    @admin.display(description="ETA")
    def eta(self, row: Checkpoint) -> SafeString:
        standing = self._live(row)
        return _number(terminal.eta(standing) if standing else "-")

    @admin.display(description="position")
    def at_position(self, row: Checkpoint) -> SafeString:
        return _number(f"{row.position:,}")

    @admin.display(description="advanced")
    def advanced(self, row: Checkpoint) -> SafeString:
        return format_html(
            "<span class='moment'>{}</span>", terminal.ago(row.advanced_at)
        )

    @admin.display(description="events folded")
    def folded(self, row: Checkpoint) -> str:
        return f"{row.events_folded:,}"

    @admin.display(description="next attempt at")
    def next_attempt(self, row: Checkpoint) -> SafeString:
        return showing.moment(row.next_attempt_at)

    @admin.display(description="failure")
    def last_failure(self, row: Checkpoint) -> SafeString | str:
        if not row.failure:
            return "none"
        error, traceback = (failure.text(row, part) for part in ("error", "traceback"))
        return format_html("<p>{}</p>{}", error, showing.block(traceback))


@admin.register(DeadLetter)
class DeadLetterAdmin(WithButtons):
    list_display = (
        "short_stream",
        "acts",
        "projection",
        "state_now",
        "event",
        "first_line",
        "attempts",
        "last_failed",
    )
    list_filter = ("projection",)
    ordering = ("-id",)
    sortable_by = ()
    search_fields = ("stream__startswith",)
    search_help_text = "How a stream's name begins."
    fields = (
        "stream_page",
        "console",
        "projection",
        "generation",
        "state_now",
        "event",
        "version",
        "category",
        "error",
        "attempts",
        "first_failed",
        "last_failed",
        "next_attempt",
        "handler",
        "pretty_traceback",
    )

    def buttons(self, row: DeadLetter) -> list[Button]:
        return admin_buttons.of_letter(row)

    @admin.display(description="stream")
    def short_stream(self, row: DeadLetter) -> SafeString:
        return showing.short_id(row.stream)

    @admin.display(description="stream")
    def stream_page(self, row: DeadLetter) -> SafeString:
        return stream_link(row.stream)

    @admin.display(description="in the console")
    def console(self, row: DeadLetter) -> SafeString:
        url = reverse("ops:dead-letter", args=[row.pk])
        return format_html("<a href='{}'>what is held, and what to do</a>", url)

    @admin.display(description="state")
    def state_now(self, row: DeadLetter) -> SafeString:
        return _state(row.state)

    @admin.display(description="fails on")
    def event(self, row: DeadLetter) -> SafeString:
        url = reverse("admin:eventstore_event_change", args=[row.position])
        return format_html("<a href='{}'>{}</a>", url, row.type)

    @admin.display(description="error")
    def first_line(self, row: DeadLetter) -> str:
        return row.error.partition("\n")[0][:100]

    @admin.display(description="first failed at")
    def first_failed(self, row: DeadLetter) -> SafeString:
        return showing.moment(row.first_failed_at)

    @admin.display(description="last failed at")
    def last_failed(self, row: DeadLetter) -> SafeString:
        return showing.moment(row.last_failed_at)

    @admin.display(description="next attempt at")
    def next_attempt(self, row: DeadLetter) -> SafeString:
        return showing.moment(row.next_attempt_at)

    @admin.display(description="traceback")
    def pretty_traceback(self, row: DeadLetter) -> SafeString:
        return showing.block(row.traceback)


@admin.register(Operation)
class OperationAdmin(WithButtons):
    list_display = (
        "number",
        "acts",
        "kind",
        "projection",
        "state_now",
        "progress_now",
        "actor",
        "reason",
        "started",
        "finished",
    )
    list_filter = ("projection",)
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        *("kind", "projection", "console", "state_now", "progress_now", "note"),
        *("actor", "reason", "started", "finished", "version", "generation"),
        *("pretty_parameters", "pretty_result"),
    )

    def buttons(self, row: Operation) -> list[Button]:
        return admin_buttons.of_operation(row)

    @admin.display(description="number")
    def number(self, row: Operation) -> int:
        return row.pk

    @admin.display(description="in the console")
    def console(self, row: Operation) -> SafeString:
        url = reverse("ops:operation", args=[row.pk])
        return format_html("<a href='{}'>progress and differences</a>", url)

    @admin.display(description="state")
    def state_now(self, row: Operation) -> SafeString:
        return _state(row.state)

    @admin.display(description="progress")
    def progress_now(self, row: Operation) -> SafeString:
        age = operations.age(row) if not row.finished_at else 0
        quiet = f", not moved for {age:,.0f} s" if age >= QUIET_S else ""
        return _number(f"{progress.ratio(row):.0%}{quiet}")

    @admin.display(description="started at")
    def started(self, row: Operation) -> SafeString:
        return showing.moment(row.started_at)

    @admin.display(description="finished at")
    def finished(self, row: Operation) -> SafeString:
        return showing.moment(row.finished_at)

    @admin.display(description="parameters")
    def pretty_parameters(self, row: Operation) -> SafeString:
        return showing.pretty(row.parameters)

    @admin.display(description="result")
    def pretty_result(self, row: Operation) -> SafeString:
        return showing.pretty(row.result)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    list_display = ("moment", "actor", "action", "projection", "outcome", "reason")
    list_filter = ("action", "projection", "outcome")
    ordering = ("-at", "-id")
    sortable_by = ("moment",)
    fields = (*list_display, "detail", "operation", "pretty_parameters")

    @admin.display(description="at", ordering="at")
    def moment(self, row: AuditEntry) -> SafeString:
        return showing.moment(row.at)

    @admin.display(description="parameters")
    def pretty_parameters(self, row: AuditEntry) -> SafeString:
        return showing.pretty(row.parameters)


def _state(state: str) -> SafeString:
    return format_html(
        "<span class='state {}'><span aria-hidden='true'>{}</span> {}</span>",
        state.replace("_", "-"),
        _SIGNS[state],
        state.replace("_", " "),
    )


def _number(text: str) -> SafeString:
    return format_html("<span class='number'>{}</span>", text)
