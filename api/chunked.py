"""Reads bodies of unknown length (Transfer-Encoding: chunked) for the API.

Django takes a request without Content-Length for one without a body: a `ship` with
lines would silently become one without. Servers end such a stream at its last chunk.
"""

import io
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from api import parsers


class ChunkedBodyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> None:
        if not _is_chunked(request) or not hasattr(view, "cls"):
            return
        # One byte above the limit, so that the parser refuses what is longer.
        body = request.META["wsgi.input"].read(parsers.body_limit(view.cls) + 1)
        request.META["CONTENT_LENGTH"] = str(len(body))
        request._stream = io.BytesIO(body)


def _is_chunked(request: HttpRequest) -> bool:
    transfer_encoding = request.headers.get("Transfer-Encoding", "")
    return (
        "CONTENT_LENGTH" not in request.META and "chunked" in transfer_encoding.lower()
    )
