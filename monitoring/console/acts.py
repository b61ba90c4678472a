"""The review pages of what operators do to a projection or a reactor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from monitoring.console import confirm, page, parameters
from monitoring.console.confirm import Asked
from monitoring.console.reviews import projections as of_projections
from monitoring.console.reviews import reactors as of_reactors
from monitoring.console.reviews.shown import Review
from projections import actors, control, errors, registry

METHODS = ["GET", "HEAD", "POST"]
PAUSES = "pause and resume projections"
REBUILDS = "rebuild projections"
SWAPS = "swap, roll back, discard and cancel rebuilds"


@dataclass(frozen=True, kw_only=True)
class Word:
    """title, done: with the target's name for {name}; button: what it does."""

    perform: Callable[..., Any]
    permission: str
    may: str
    title: str
    button: str
    done: str
    form: type[forms.Form] = parameters.Nothing


OF_PROJECTIONS = {
    "pause": Word(
        perform=control.pause,
        permission=actors.PAUSE,
        may=PAUSES,
        title="Pause {name}",
        button="Pause",
        done="{name} is paused.",
    ),
    "resume": Word(
        perform=control.resume,
        permission=actors.PAUSE,
        may=PAUSES,
        title="Resume {name}",
        button="Resume",
        done="{name} goes on.",
    ),
    "rebuild": Word(
        perform=control.rebuild,
        permission=actors.REBUILD,
        may=REBUILDS,
        title="Rebuild {name}",
        button="Rebuild",
        done="The rebuild of {name} has begun.",
        form=parameters.Rebuild,
    ),
    "swap": Word(
        perform=control.swap,
        permission=actors.SWAP,
        may=SWAPS,
        title="Let the rebuilt {name} go live",
        button="Swap",
        done="The rebuilt {name} goes live.",
    ),
    "rollback": Word(
        perform=control.rollback,
        permission=actors.SWAP,
        may=SWAPS,
        title="Roll {name} back",
        button="Roll back",
        done="The roll back of {name} has begun.",
    ),
    "discard": Word(
        perform=control.discard,
        permission=actors.SWAP,
        may=SWAPS,
        title="Discard the kept tables of {name}",
        button="Discard",
        done="The kept tables of {name} are gone.",
    ),
    "cancel": Word(
        perform=control.cancel,
        permission=actors.SWAP,
        may=SWAPS,
        title="Cancel what is under way for {name}",
        button="Cancel it",
        done="It was cancelled; nothing of it is left.",
    ),
    "repartition": Word(
        perform=control.repartition,
        permission=actors.REBUILD,
        may=REBUILDS,
        title="Change the partitions of {name}",
        button="Change",
        done="{name} has other partitions now.",
        form=parameters.Repartition,
    ),
}
OF_REACTORS = {
    "pause": Word(
        perform=control.pause_reactor,
        permission=actors.PAUSE,
        may=PAUSES,
        title="Pause the reactor {name}",
        button="Pause",
        done="{name} is paused.",
    ),
    "resume": Word(
        perform=control.resume_reactor,
        permission=actors.PAUSE,
        may=PAUSES,
        title="Resume the reactor {name}",
        button="Resume",
        done="{name} goes on.",
    ),
    "start": Word(
        perform=control.start_reactor,
        permission=actors.PAUSE,
        may=PAUSES,
        title="Start the reactor {name}",
        button="Start",
        done="{name} is started.",
        form=parameters.Start,
    ),
}


@page.viewers
@require_http_methods(METHODS)
def of_projection(request: HttpRequest, *, name: str, word: str) -> HttpResponse:
    known = _word(OF_PROJECTIONS, word)
    try:
        registry.get(name)
    except errors.UnknownProjection as error:
        raise Http404(str(error)) from None
    back = reverse("ops:projection", kwargs={"name": name})
    return _answer(request, word, known, name=name, back=back, review=of_projections.of)


@page.viewers
@require_http_methods(METHODS)
def of_reactor(request: HttpRequest, *, name: str, word: str) -> HttpResponse:
    known = _word(OF_REACTORS, word)
    try:
        registry.reactor(name)
    except errors.UnknownReactor as error:
        raise Http404(str(error)) from None
    back = f"{reverse('ops:projections')}#reactors"
    return _answer(request, word, known, name=name, back=back, review=of_reactors.of)


def _word(known: dict[str, Word], word: str) -> Word:
    if word not in known:
        raise Http404(f"there is no action {word!r}; there are: {', '.join(known)}")
    return known[word]


def _answer(
    request: HttpRequest,
    action: str,
    word: Word,
    *,
    name: str,
    back: str,
    review: Callable[..., Review],
) -> HttpResponse:
    if refusal := confirm.refused(
        request, action=action, target=name, permission=word.permission, may=word.may
    ):
        return refusal
    form = word.form(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        return _wrong(request, word.title.format(name=name), form, back=back)
    given = parameters.given(form)
    return confirm.answer(
        request,
        Asked(
            action=action,
            target=name,
            permission=word.permission,
            may=word.may,
            title=word.title.format(name=name),
            button=word.button,
            review=lambda: review(action, name, **given),
            perform=lambda **how: word.perform(name, **given, **how),
            back=back,
            done=lambda _: word.done.format(name=name),
            parameters=parameters.sent_again(form),
        ),
    )


def _wrong(
    request: HttpRequest, title: str, form: forms.Form, *, back: str
) -> HttpResponse:
    shown = {"title": title, "form": form, "back": back}
    return page.show(
        request, "console/wrong_parameters.html", shown, status=422, live=False
    )
