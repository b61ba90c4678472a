"""Asks the primary where a replica failed while it answered."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from projections import reading


class PrimaryOnceMiddleware:
    """The innermost one: what it repeats is the view of a query, which changes nothing.

    A replica may be lost at any moment, and cancels who is in the way of what it has to
    replay, as a swap (SQLSTATE 40001). The primary then answers all of it, so position,
    parked and rows come from one server.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if reading.has_left_replica():
            # The first answer was a problem; to close it would end the request.
            response = self.get_response(request)
        return response
