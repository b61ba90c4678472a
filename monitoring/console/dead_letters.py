"""/ops/dead-letters/: streams that are held, by cause and one by one; as NDJSON."""

import json
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.views.decorators.http import require_safe

from monitoring.console import asked, choosing, page, paging
from projections import documents, held_streams
from projections.held_streams import Groups, Matching
from projections.models import DeadLetter

# Lines of an export.
MOST = 10_000


@page.viewers
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    wanted, fault, found = Matching(), "", None
    try:
        wanted = choosing.filtered(request)
        found = paging.page(request, held_streams.find(wanted).defer("traceback"))
    except asked.Refused as error:
        fault = str(error)
    causes = held_streams.groups(_of_causes(wanted))
    return page.show(
        request,
        "console/dead_letters.html",
        {
            "letters": found.rows if found else [],
            "page": found,
            "fault": fault,
            "causes": causes,
            "total": sum(each.count for each in causes.groups),
            "matching": wanted,
            "matching_number": _number(wanted, causes),
            "matching_fields": urlencode(choosing.fields(wanted)),
            "is_narrowed": wanted != Matching(),
            "states": DeadLetter.State.values,
        },
        status=422 if fault else 200,
        live=not fault and found is not None and found.is_first,
    )


@page.viewers
@require_safe
def exported(request: HttpRequest) -> HttpResponseBase:
    """What matches, a JSON object a line, MOST at most; the last line says if so."""
    try:
        wanted = choosing.filtered(request)
    except asked.Refused:
        return listed(request)  # which says what is wrong
    rows = held_streams.find(wanted).order_by("pk")
    return StreamingHttpResponse(
        _lines(rows[: MOST + 1]),
        content_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="dead-letters.ndjson"'},
    )


def _of_causes(wanted: Matching) -> Matching:
    """The groups of what matches, whichever of them was chosen."""
    return Matching(
        projection=wanted.projection,
        state=wanted.state,
        type=wanted.type,
        stream=wanted.stream,
    )


def _number(wanted: Matching, causes: Groups) -> int | None:
    """How many match; None where the groups, which are cut off, do not tell."""
    if causes.more:
        return None
    return sum(
        each.count
        for each in causes.groups
        if wanted.category in ("", each.category)
        and wanted.error_key in ("", each.error_key)
    )


def _lines(rows: Iterable[DeadLetter]) -> Iterator[str]:
    for number, letter in enumerate(rows):
        if number == MOST:
            yield f'{{"cut_off_after": {MOST}}}\n'
            return
        shown = {**documents.dead_letter(letter), "traceback": letter.traceback}
        yield f"{json.dumps(shown, ensure_ascii=False)}\n"
