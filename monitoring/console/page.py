"""What all pages of the console share: who may look, and how a page refreshes.

A page that is open asks for itself again with the header X-Live and gets its <main>
alone, or 304 where nothing but the age of things has changed; see
static/console/live.js.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache

from projections import actors
from projections.actors import Actor

VIEW = "projections.view"
TABS = (
    ("ops:overview", "Overview"),
    ("ops:projections", "Projections"),
    ("ops:events", "Events"),
    ("ops:dead-letters", "Dead letters"),
    ("ops:commands", "Commands"),
    ("ops:operations", "Operations"),
    ("ops:audit", "Audit"),
    ("ops:health", "Health"),
)
LIVE = "X-Live"
# "12 s ago": the reader's own clock keeps these.
_AGES = re.compile(r"<span class='ago' data-ago>[^<]*</span>")
# A form's token is masked anew each time.
_TOKENS = re.compile(r'<input type="hidden" name="csrfmiddlewaretoken"[^>]*>')

View = Callable[..., HttpResponseBase]


def viewers(view: View) -> View:
    """Lets staff with the permission to see the console in; tells others what lacks."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not user.is_authenticated:
            if is_refresh(request):
                return HttpResponse(status=401)
            return redirect_to_login(request.get_full_path())
        if not (user.is_staff and user.has_perm(VIEW)):
            return forbidden(request, "see the operations console")
        return view(request, **kwargs)

    return never_cache(guarded)


def forbidden(request: HttpRequest, what: str) -> HttpResponse:
    """403: `what` is the permission that lacks, "see the operations console"."""
    shown = {"what": what, "environment": settings.ENVIRONMENT}
    return render(request, "console/forbidden.html", shown, status=403)


def missing(request: HttpRequest, what: str, *, back: str) -> HttpResponse:
    """404 that says what is not there, and leads back to a list, by its URL's name."""
    shown = {"what": what, "back": reverse(back)}
    return show(request, "console/missing.html", shown, status=404, live=False)


def refused(request: HttpRequest, what: str, *, back: str) -> HttpResponse:
    """422 that says what is wrong with an address, and leads back to a list."""
    shown = {"fault": what, "back": reverse(back)}
    return show(request, "console/refused.html", shown, status=422, live=False)


def show(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    live: bool = True,
) -> HttpResponse:
    """The page, or its <main> alone for one that refreshes itself.

    live: whether an open page goes on asking for news. The template extends `layout`.
    """
    refreshes = is_refresh(request)
    shown = {
        **context,
        "layout": "console/fragment.html" if refreshes else "console/page.html",
        "is_live": live,
        "environment": settings.ENVIRONMENT,
        "tv": "tv" in request.GET,
        "tabs": TABS,
        "tab": context.get("tab") or _tab(request),
    }
    text = render_to_string(template, shown, request)
    answer = HttpResponse(text, status=status)
    answer["Vary"] = f"Cookie, {LIVE}"
    if refreshes and status == 200:
        answer["ETag"] = tag = _etag(text)
        if request.headers.get("If-None-Match") == tag:
            return _not_modified(tag)
    return answer


def is_refresh(request: HttpRequest) -> bool:
    """Whether an open page asks for news of itself."""
    return LIVE in request.headers


def actor(request: HttpRequest) -> Actor:
    """Who asks, as projections.control wants to know it."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("nobody is signed in: the view lacks its guard")
    return actors.signed_in(user)


def may_see_payload(request: HttpRequest) -> bool:
    """Whether the data of events is shown, and personal texts in clear."""
    return request.user.has_perm("projections.view_payload")


def _tab(request: HttpRequest) -> str:
    """The name of the tab that a page belongs to: an event's page to Events."""
    match = request.resolver_match
    route = f"/{match.route}" if match else ""
    return max(
        (name for name, _ in TABS if route.startswith(reverse(name))),
        key=lambda name: len(reverse(name)),
        default="",
    )


def _etag(text: str) -> str:
    same = _TOKENS.sub("", _AGES.sub("", text))
    return f'"{hashlib.sha256(same.encode()).hexdigest()[:32]}"'


def _not_modified(tag: str) -> HttpResponse:
    answer = HttpResponse(status=304)
    answer["ETag"] = tag
    return answer
