"""/ops/audit/: what operators did and were refused, newest first; as CSV, too."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from api import csv_answers
from eventstore.events import rfc3339
from monitoring.console import asked, page, paging
from projections.models import AuditEntry

# Rows of a CSV: more are asked for in pieces, by the times.
MOST = 100_000
COLUMNS = (
    "at",
    "actor",
    "action",
    "projection",
    "outcome",
    "reason",
    "detail",
    "operation",
)
# A spreadsheet would take a text that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Filters(forms.Form):
    actor = forms.CharField(required=False, max_length=200)
    action = forms.CharField(required=False, max_length=50)
    projection = forms.CharField(required=False, max_length=100)
    outcome = forms.CharField(required=False, max_length=20)
    after = forms.DateTimeField(required=False, label="After (UTC)")
    before = forms.DateTimeField(required=False, label="Before (UTC)")

    def rows(self) -> QuerySet[AuditEntry]:
        """What matches; with faults nothing does."""
        if not self.is_valid():
            return AuditEntry.objects.none()
        wanted = {name: value for name, value in self.cleaned_data.items() if value}
        lookups = {"after": "at__gte", "before": "at__lt"}
        return AuditEntry.objects.filter(
            **{lookups.get(name, name): value for name, value in wanted.items()}
        )


@page.viewers
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    filters = Filters(request.GET)
    fault, found = "", None
    try:
        found = paging.page(request, filters.rows())
    except asked.Refused as error:
        fault = str(error)
    is_wrong = bool(fault or filters.errors)
    return page.show(
        request,
        "console/audit.html",
        {
            "filters": filters,
            "entries": found.rows if found else [],
            "page": found,
            "fault": fault,
            "is_narrowed": any(request.GET.get(each) for each in filters.fields),
        },
        status=422 if is_wrong else 200,
        live=not is_wrong and found is not None and found.is_first,
    )


@page.viewers
@require_safe
def as_csv(request: HttpRequest) -> HttpResponseBase:
    """Of the same filters, streamed: MOST rows, and a line that says so if it ends."""
    filters = Filters(request.GET)
    if not filters.is_valid():
        return listed(request)
    return csv_answers.respond(
        _lines(filters.rows()), columns=COLUMNS, name="audit.csv", headers={}
    )


def _lines(rows: QuerySet[AuditEntry]) -> Iterator[dict[str, Any]]:
    number = 0
    for number, entry in enumerate(rows.order_by("-pk")[: MOST + 1].iterator()):
        if number == MOST:
            break
        yield {name: _cell(getattr(entry, name)) for name in COLUMNS}
    if number == MOST:
        yield {"at": f"cut off after {MOST} rows: ask for earlier ones with before="}


def _cell(value: object) -> object:
    match value:
        case datetime():
            return rfc3339(value)
        case str() if value.startswith(FORMULA):
            return f"'{value}"
    return value
