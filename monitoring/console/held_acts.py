"""The review pages for held streams, one or all of a projection, and for operations."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from monitoring.console import asked, choosing, confirm, page
from monitoring.console.acts import METHODS, SWAPS
from monitoring.console.confirm import Asked
from monitoring.console.reviews import held
from projections import actors, control, errors, operations, registry
from projections.held_streams import Matching
from projections.models import Operation

RETRIES = "retry held streams"
SKIPS = "skip failing events"


@page.viewers
@require_http_methods(METHODS)
def retry(request: HttpRequest, *, id: int) -> HttpResponse:
    return confirm.answer(
        request,
        Asked(
            action="retry",
            target=id,
            permission=actors.RETRY,
            may=RETRIES,
            title="Retry a held stream",
            button="Retry",
            review=lambda: held.retry(id),
            perform=lambda **how: control.retry(id, **how),
            back=reverse("ops:dead-letters"),
            done=_freed,
        ),
    )


@page.viewers
@require_http_methods(METHODS)
def skip(request: HttpRequest, *, id: int) -> HttpResponse:
    return confirm.answer(
        request,
        Asked(
            action="skip",
            target=id,
            permission=actors.SKIP,
            may=SKIPS,
            title="Skip the event that a stream fails on",
            button="Skip for ever",
            review=lambda: held.skip(id),
            perform=lambda **how: control.skip(id, **how),
            back=reverse("ops:dead-letters"),
            done=_freed,
        ),
    )


@page.viewers
@require_http_methods(METHODS)
def retry_many(request: HttpRequest) -> HttpResponse:
    """?id=, once for each: those that were ticked; ?projection= alone: all that it
    holds; with others of held_streams.Matching: those that match.
    """
    try:
        matching = choosing.chosen(request)
    except asked.Refused as error:
        return page.refused(request, str(error), back="ops:dead-letters")
    name = matching.projection
    try:
        registry.subscriber(name)
    except errors.UnknownProjection as error:
        raise Http404(str(error)) from None
    return confirm.answer(
        request,
        Asked(
            action="retry",
            target=name,
            permission=actors.RETRY,
            may=RETRIES,
            title=f"Retry what {name} holds",
            button="Retry",
            review=lambda: held.retry_many(matching),
            perform=lambda **how: _retry_many(matching, **how),
            back=f"{reverse('ops:dead-letters')}?projection={name}",
            done=lambda _: f"What {name} holds is tried again.",
            parameters=choosing.fields(matching),
        ),
    )


def _retry_many(matching: Matching, **how: Any) -> Operation:
    if matching.named():
        return control.retry_matching(matching, **how)
    return control.retry_all(matching.projection, **how)


@page.viewers
@require_http_methods(METHODS)
def cancel(request: HttpRequest, *, id: int) -> HttpResponse:
    try:
        operation = operations.get(id)
    except errors.UnknownOperation as error:
        raise Http404(str(error)) from None
    retries = operation.kind == Operation.Kind.RETRY
    return confirm.answer(
        request,
        Asked(
            action="cancel",
            target=id,
            permission=actors.RETRY if retries else actors.SWAP,
            may=RETRIES if retries else SWAPS,
            title=f"Cancel {operation}",
            button="Cancel it",
            review=lambda: held.cancel(operations.get(id)),
            perform=lambda **how: control.cancel_operation(id, **how),
            back=reverse("ops:operation", kwargs={"id": id}),
            done=lambda _: f"{operation} is cancelled.",
        ),
    )


def _freed(free: bool) -> str:
    if free:
        return "The stream is free: its rows have all of its events."
    return "The stream is still held: it failed again."
