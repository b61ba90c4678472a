"""Projections in Django's admin: where each stands, and what operators did."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from eventstore.admin import ReadOnly
from projections import status, terminal
from projections.models import AuditEntry, Checkpoint

# Read by shape as well as by colour.
_SIGNS = {
    "running": "●",
    "catching_up": "◐",
    "paused": "❚❚",
    "stalled": "▲",
    "faulted": "✖",
}


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnly):
    """One line a partition; state and lag are those of the whole projection."""

    list_display = (
        "projection",
        "partition",
        "state_now",
        "position",
        "lag_events",
        "lag_seconds",
        "advanced",
        "version",
        "worker",
    )
    ordering = ("projection", "partition")
    fields = (*list_display, "generation", "event_id", "epoch", "failures", "error")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Checkpoint]:
        # One look at the whole engine serves all lines of the page.
        self._standing = {each.name: each for each in status.all()}
        found: QuerySet[Checkpoint] = super().get_queryset(request)
        return found.filter(projection__in=self._standing)

    @admin.display(description="state")
    def state_now(self, row: Checkpoint) -> SafeString:
        state = self._standing[row.projection].state
        return format_html("{} {}", _SIGNS[state], state.replace("_", " "))

    @admin.display(description="lag (events)")
    def lag_events(self, row: Checkpoint) -> str:
        return f"{self._standing[row.projection].lag_events:,}"

    @admin.display(description="lag (s)")
    def lag_seconds(self, row: Checkpoint) -> str:
        return f"{self._standing[row.projection].lag_seconds:,.1f}"

    @admin.display(description="last advanced")
    def advanced(self, row: Checkpoint) -> str:
        return terminal.ago(row.advanced_at)

    @admin.display(description="last error")
    def error(self, row: Checkpoint) -> SafeString:
        found = self._standing[row.projection]
        return format_html(
            "<pre>{}\n\n{}</pre>", found.last_error, found.last_traceback
        )


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    list_display = ("at", "actor", "action", "projection", "reason")
    list_filter = ("action", "projection")
    ordering = ("-at",)
