"""What every review page does: shows what would happen, asks why, and does it once.

The form carries a text that the page signed (projections/confirming.py). The door
compares with it, so a page that was overtaken says so instead of acting, and whoever
sends a form again is led to what came of the first time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from monitoring.console import page
from monitoring.console.reviews.shown import Review
from projections import audit, confirming, errors
from projections.actors import Actor
from projections.models import Operation

SIGNED = "confirmation"
REASON = "reason"
TYPED = "typed"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An action on a target, as the audit and the signed text name both: the name of a
    projection or reactor, or the id of a held stream or operation.

    review() -> how things stand now and what would become of them; raises what the door
    would. perform(actor, reason, once) -> an Operation where one was begun.
    title, button: of the page and of its form.
    may: what the permission lets one do, "pause projections". back: where its target
    is shown. done: what is said there afterwards, of what perform returned.
    parameters: what the form sends again beside the reason.
    """

    action: str
    target: str | int
    permission: str
    may: str
    title: str
    button: str
    review: Callable[[], Review]
    perform: Callable[..., Any]
    back: str
    done: Callable[[Any], str]
    parameters: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a page that is shown again says and keeps. faults: by field."""

    status: int = 200
    overtaken: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)
    signed: str = ""


def answer(request: HttpRequest, asked: Asked) -> HttpResponse:
    """The review page for a GET; what became of a POST."""
    if refusal := refused(
        request,
        action=asked.action,
        target=asked.target,
        permission=asked.permission,
        may=asked.may,
    ):
        return refusal
    actor = page.actor(request)
    if request.method != "POST":
        return _page(request, asked, actor, Shown())
    return _act(request, asked, actor)


def refused(
    request: HttpRequest, *, action: str, target: str | int, permission: str, may: str
) -> HttpResponse | None:
    """403 for who may not do it, and a POST is in the audit; None for who may."""
    actor = page.actor(request)
    if permission in actor.permissions:
        return None
    if request.method == "POST":
        lacks = errors.NotPermitted(
            actor=actor.name, action=action, permission=permission
        )
        name, given = (target, {}) if isinstance(target, str) else ("", {"id": target})
        audit.refused(action, name, actor=actor, detail=str(lacks), **given)
    return page.forbidden(request, may)


def _act(request: HttpRequest, asked: Asked, actor: Actor) -> HttpResponse:
    signed = request.POST.get(SIGNED, "")
    try:
        once = confirming.read(signed, actor.name, asked.action, _meant(asked))
    except errors.BadConfirmation as error:
        return _page(request, asked, actor, Shown(status=400, overtaken=str(error)))
    reason = request.POST.get(REASON, "").strip()
    try:
        if faults := _faults(request, asked, reason):
            shown = Shown(status=422, faults=faults, signed=signed)
            return _page(request, asked, actor, shown)
        done = asked.perform(actor=actor, reason=reason, once=once)
    except errors.AlreadyDone as error:
        return _done_before(request, asked, error.operation)
    except (errors.MissingReason, errors.ReasonTooLong) as error:
        shown = Shown(status=422, faults={REASON: _sentence(error)}, signed=signed)
        return _page(request, asked, actor, shown)
    except errors.ProjectionError as error:
        if first := audit.done_with(once):
            return _done_before(request, asked, first.operation)
        shown = Shown(status=409, overtaken=_sentence(error))
        return _page(request, asked, actor, shown)
    messages.success(request, asked.done(done), extra_tags="good")
    return _there(asked, done.pk if isinstance(done, Operation) else None)


def _meant(asked: Asked) -> str:
    """The target with what was asked of it: a form for other streams, or for another
    number of partitions than the page has shown, is no confirmation of these.
    """
    given = ", ".join(f"{name}={value}" for name, value in asked.parameters)
    return f"{asked.target} ({given})" if given else str(asked.target)


def _done_before(
    request: HttpRequest, asked: Asked, operation: int | None
) -> HttpResponse:
    messages.info(request, "This was done already; it was not done again.")
    return _there(asked, operation)


def _faults(request: HttpRequest, asked: Asked, reason: str) -> dict[str, str]:
    review = asked.review()
    faults = {}
    if review.needs_reason and not reason:
        faults[REASON] = "Say why: the audit keeps it."
    if len(reason) > audit.LONGEST_REASON:
        faults[REASON] = (
            f"At most {audit.LONGEST_REASON} characters; these are {len(reason)}."
        )
    if review.typed and request.POST.get(TYPED, "").strip() != review.typed:
        faults[TYPED] = f"This is not {review.typed}: nothing was done."
    return faults


def _page(
    request: HttpRequest, asked: Asked, actor: Actor, shown: Shown
) -> HttpResponse:
    """A page of what is so now; without a form where it cannot be done."""
    review, signed, status, refusal = None, shown.signed, shown.status, ""
    try:
        review = asked.review()
        signed = signed or confirming.sign(
            actor.name, asked.action, _meant(asked), review.seen
        )
    except errors.ProjectionError as error:
        refusal, status = _sentence(error), 409
    return page.show(
        request,
        "console/review.html",
        {
            "asked": asked,
            "review": review,
            "refusal": refusal,
            "overtaken": "" if shown.overtaken == refusal else shown.overtaken,
            "faults": shown.faults,
            "signed": signed,
            "reason": request.POST.get(REASON, ""),
            "typed": request.POST.get(TYPED, ""),
            "longest_reason": audit.LONGEST_REASON,
        },
        status=status,
        live=False,
    )


def _there(asked: Asked, operation: int | None) -> HttpResponseRedirect:
    """303, so that the next page is one to look at, and may be loaded again."""
    there = asked.back
    if operation is not None:
        there = reverse("ops:operation", kwargs={"id": operation})
    return HttpResponseRedirect(there, status=303)


def _sentence(error: Exception) -> str:
    # As it is: many begin with a name, whose case matters.
    return f"{error}."
