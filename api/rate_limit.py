"""The limit of requests per key and signed-in user: 429, and headers that tell of it.

The headers are those of draft-ietf-httpapi-ratelimit-headers, from its eighth version
on: structured fields `RateLimit` and `RateLimit-Policy`, with one policy "default".
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from api import authentication, quota
from api.problems import Problem
from api.quota import Standing
from eventstore import redis_client

_HEADERS = "api.rate_limit_headers"  # of request.META


class WithinRateLimit(BasePermission):
    """Counts the request of a known caller; raises Problem 429 beyond the limit.

    A permission, not a throttle of the REST framework: those come after all permissions
    and would let a key without the scope ask as often as it likes. While Redis is
    away everybody is let in: it fails open.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        limit = settings.CQRS.api.rate_limit
        caller = authentication.caller(request)
        # An answer may be made twice (PrimaryOnceMiddleware): it is one request.
        if caller is None or not limit.requests or _HEADERS in request.META:
            return True
        headers = {
            "RateLimit-Policy": f'"default";q={limit.requests};w={limit.window_s}'
        }
        request.META[_HEADERS] = headers
        try:
            standing = quota.take(
                caller, requests=limit.requests, window_s=limit.window_s
            )
        except redis_client.Away:
            return True
        headers["RateLimit"] = _rate_limit(standing)
        if standing.is_refused:
            raise rate_limited(limit.requests, limit.window_s, wait_s=standing.wait_s)
        return True


def rate_limited(requests: int, window_s: int, *, wait_s: int) -> Problem:
    return Problem(
        status=429,
        code="rate-limited",
        detail=f"More than {requests} requests in {window_s} s. "
        f"The next one is taken in {wait_s} s.",
        headers={"Retry-After": str(wait_s)},
    )


class RateLimitHeadersMiddleware:
    """Sets the headers on each answer to a caller who was counted, errors included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in request.META.get(_HEADERS, {}).items():
            response[name] = value
        return response


def _rate_limit(standing: Standing) -> str:
    # To one who was refused, `t` says what Retry-After says.
    until = standing.wait_s if standing.is_refused else standing.full_in_s
    return f'"default";r={standing.remaining};t={until}'
