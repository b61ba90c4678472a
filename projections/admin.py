"""Projections in Django's admin: where each stands, and what operators did."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from eventstore import showing
from eventstore.admin import ReadOnly
from projections import failure, status, terminal
from projections.models import AuditEntry, Checkpoint

# Read by shape as well as by colour.
_SIGNS = {
    "running": "●",
    "catching_up": "◐",
    "paused": "❚❚",
    "stalled": "▲",
    "faulted": "✖",
    "filling": "◌",
    "resting": "○",
}


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnly):
    """One line a partition; state, lag, rate and ETA are those of the projection."""

    list_display = (
        "projection",
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
        *list_display[:4],
        "last_failure",
        "failures",
        "next_attempt",
        *list_display[4:],
        "version",
        "generation",
        "epoch",
        "event_id",
        "folded",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Checkpoint]:
        # One look at the whole engine serves all lines of the page.
        self._standing = {each.name: each for each in status.all()}
        found: QuerySet[Checkpoint] = super().get_queryset(request)
        return found.filter(projection__in=self._standing)

    def _live(self, row: Checkpoint) -> status.Status | None:
        """How its projection stands; None for tables that are not the live ones."""
        if row.role != Checkpoint.Role.LIVE:
            return None
        return self._standing[row.projection]

    @admin.display(description="partition")
    def part(self, row: Checkpoint) -> str:
        return f"{row.partition + 1} of {row.partitions}"

    @admin.display(description="state")
    def state_now(self, row: Checkpoint) -> SafeString:
        standing = self._live(row)
        state = standing.state if standing else row.state
        return format_html(
            "<span class='state {}'><span aria-hidden='true'>{}</span> {}</span>",
            state.replace("_", "-"),
            _SIGNS[state],
            state.replace("_", " "),
        )

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


def _number(text: str) -> SafeString:
    return format_html("<span class='number'>{}</span>", text)
