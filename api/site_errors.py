"""Django's error handlers: problem+json under /api/, Django's own pages elsewhere.

They answer what no view of the REST framework did: unknown URLs, hosts that are not
allowed, and unexpected exceptions.
"""

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views import defaults

from api import problems


def handler400(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not is_api(request):
        return defaults.bad_request(request, exception)
    problem = problems.from_exception(exception) or problems.bad_request()
    return problems.respond(problem, request)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not is_api(request):
        return defaults.permission_denied(request, exception)
    return _respond(request, problems.from_exception(exception))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not is_api(request):
        return defaults.page_not_found(request, exception)
    return _respond(request, problems.not_found())


def handler500(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
    if not is_api(request):
        return defaults.server_error(request)
    # Django calls this while it handles the exception and has logged it. Middleware,
    # too, may find the database away.
    exc = sys.exc_info()[1]
    return _respond(request, problems.from_exception(exc) if exc else None)


def _respond(request: HttpRequest, problem: problems.Problem | None) -> HttpResponse:
    return problems.respond(problem or problems.internal_error(), request)


def is_api(request: HttpRequest) -> bool:
    """Whether a program is answered, not a person."""
    return request.path.startswith("/api/")
