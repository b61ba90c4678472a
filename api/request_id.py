"""Every request has an id: the caller's X-Request-ID or a new one.

The id stands in the answer, in every log line and in problem+json bodies; the W3C
`traceparent` is kept beside it when it is well formed.
"""

import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

_REQUEST_ID = re.compile(r"[A-Za-z0-9._~:/+=@-]{1,128}")
# W3C Trace Context: version ff and all-zero ids are invalid.
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_current: ContextVar[str] = ContextVar("request_id", default="")


def of(request: HttpRequest | Request) -> str:
    """The id of this request; "" outside of the middleware."""
    return str(request.META.get("api.request_id", ""))


def traceparent_of(request: HttpRequest | Request) -> str:
    """The caller's valid traceparent, else ""."""
    return str(request.META.get("api.traceparent", ""))


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request.headers.get("X-Request-ID", "")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = str(uuid.uuid4())
        traceparent = request.headers.get("traceparent", "")
        if not _TRACEPARENT.fullmatch(traceparent):
            traceparent = ""
        request.META["api.request_id"] = request_id
        request.META["api.traceparent"] = traceparent
        token = _current.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
        response["X-Request-ID"] = request_id
        return response


class RequestIdFilter(logging.Filter):
    """Gives every log record `request_id`; "-" outside of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django logs some answers when the middleware is left, with their request.
        request = getattr(record, "request", None)
        at_hand = of(request) if isinstance(request, HttpRequest) else ""
        record.request_id = _current.get() or at_hand or "-"
        return True
