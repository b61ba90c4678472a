import logging
import re
import uuid

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from api import request_id

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def ask(**headers: str) -> tuple[HttpRequest, HttpResponse]:
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    request = RequestFactory().get("/", headers=headers)
    response = request_id.RequestIdMiddleware(view)(request)
    return seen[0], response


@pytest.mark.parametrize("id", ["a", "A1._~:/+=@-", "x" * 128])
def test_it_takes_over_a_safe_id(id):
    request, response = ask(X_Request_ID=id)
    assert request_id.of(request) == id
    assert response["X-Request-ID"] == id


@pytest.mark.parametrize(
    "id", ["", "x" * 129, "a b", "a,b", 'a"', "é", "a\tb", "<script>"]
)
def test_it_makes_one_instead_of_an_unsafe_id(id):
    request, response = ask(X_Request_ID=id)
    assert request_id.of(request) != id
    assert str(uuid.UUID(response["X-Request-ID"])) == response["X-Request-ID"]


def test_each_request_gets_an_id_of_its_own():
    assert ask()[1]["X-Request-ID"] != ask()[1]["X-Request-ID"]


def test_it_keeps_a_valid_traceparent():
    assert request_id.traceparent_of(ask(traceparent=TRACEPARENT)[0]) == TRACEPARENT


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "x",
        TRACEPARENT.upper(),
        TRACEPARENT + "-00",
        "ff" + TRACEPARENT[2:],
        re.sub("-0af[0-9a-f]+", "-" + "0" * 32, TRACEPARENT),
        re.sub("-b7a[0-9a-f]+", "-" + "0" * 16, TRACEPARENT),
    ],
)
def test_it_drops_an_invalid_traceparent(wrong):
    assert request_id.traceparent_of(ask(traceparent=wrong)[0]) == ""


def test_log_lines_within_a_request_carry_its_id():
    record = logging.LogRecord("x", logging.INFO, "", 0, "", None, None)

    def view(request: HttpRequest) -> HttpResponse:
        request_id.RequestIdFilter().filter(record)
        return HttpResponse()

    request = RequestFactory().get("/", headers={"X-Request-ID": "r-7"})
    request_id.RequestIdMiddleware(view)(request)
    assert record.request_id == "r-7"
    request_id.RequestIdFilter().filter(record)
    assert record.request_id == "-"
