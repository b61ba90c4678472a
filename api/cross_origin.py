"""Lets pages of other origins call the API, where CORS_ALLOWED_ORIGINS names them.

CORS as in the Fetch standard. Never with credentials: such a page sends an API key and
never a session's cookie. Without the variable no answer has any of these headers.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers

METHODS = ("GET", "HEAD", "POST")
MAY_SEND = (
    "Accept",
    "Authorization",
    "Consistency-Token",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Prefer",
    "traceparent",
    "X-Request-ID",
)
MAY_READ = (
    "Consistency-Token",
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "Parked-Orders",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Read-Position",
    "Retry-After",
    "Warning",
    "WWW-Authenticate",
    "X-Cache",
    "X-Request-ID",
)
# Seconds a browser may go without asking again; an origin that is taken out of the
# list is refused after that.
PREFLIGHT_MAX_AGE_S = 600


class CrossOriginMiddleware:
    """Answers preflights itself: browsers send them without a key."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not settings.CORS_ALLOWED_ORIGINS or not request.path.startswith("/api/"):
            return self.get_response(request)
        origin = request.headers.get("Origin", "")
        is_allowed = origin in settings.CORS_ALLOWED_ORIGINS
        if is_allowed and _is_preflight(request):
            response: HttpResponseBase = _preflight()
        else:
            response = self.get_response(request)
        # Also where no origin came: a cache must not give that answer to one.
        patch_vary_headers(response, ["Origin"])
        if is_allowed:
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Expose-Headers"] = ", ".join(MAY_READ)
        return response


def _is_preflight(request: HttpRequest) -> bool:
    asks = "Access-Control-Request-Method" in request.headers
    return request.method == "OPTIONS" and asks


def _preflight() -> HttpResponse:
    response = HttpResponse(status=204)
    response["Access-Control-Allow-Methods"] = ", ".join(METHODS)
    response["Access-Control-Allow-Headers"] = ", ".join(MAY_SEND)
    response["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
    patch_vary_headers(
        response, ["Access-Control-Request-Method", "Access-Control-Request-Headers"]
    )
    return response
