"""Who may look at orders, and what each of their pages has around it."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from api.problems import Problem
from eventstore import payloads
from projections import reading

VIEW = "orders.view_ordersummary"

View = Callable[..., HttpResponse]


def look_at_orders(view: View) -> View:
    """Lets staff in who may see orders, and tells others what lacks; bounds what the
    page asks the database for.
    """

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not (user.is_staff and user.has_perm(VIEW)):
            shown = {"what": "look at orders"}
            return show(request, "orders/forbidden.html", shown, status=403)
        reading.begin()
        try:
            return view(request, **kwargs)
        except Problem as problem:  # a cursor that is none, a statement cut off
            shown = {"detail": problem.detail}
            return show(request, "orders/failed.html", shown, status=problem.status)

    return never_cache(guarded)


def show(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """The page. `q`: what the form is filled with."""
    shown = {"q": "", "environment": settings.ENVIRONMENT, **context}
    return render(request, template, shown, status=status)


def may_see_personal_texts(request: HttpRequest) -> bool:
    """Names, addresses, notes, references in clear; others see them masked."""
    return payloads.may_see(request.user)
