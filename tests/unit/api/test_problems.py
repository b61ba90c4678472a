import json

import django.db
import psycopg
import pytest
from django.core import exceptions as django_exceptions
from django.http import Http404
from django.http.request import UnreadablePostError
from rest_framework import exceptions
from rest_framework.test import APIRequestFactory

from api import problems
from api.problems import Fault, Problem

CASES = [
    (exceptions.ParseError("Line 1"), 400, "malformed-json"),
    (exceptions.NotAuthenticated(), 401, "not-authenticated"),
    (exceptions.AuthenticationFailed(), 401, "bad-credentials"),
    (exceptions.PermissionDenied(code="wrong-scope"), 403, "wrong-scope"),
    (exceptions.PermissionDenied("CSRF Failed"), 403, "forbidden"),
    (exceptions.NotFound(), 404, "not-found"),
    (exceptions.MethodNotAllowed("PUT"), 405, "method-not-allowed"),
    (exceptions.NotAcceptable(), 406, "not-acceptable"),
    (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported-media-type"),
    (exceptions.Throttled(wait=1.2), 429, "rate-limited"),
    (exceptions.ValidationError({"a": ["b"]}), 422, "invalid"),
    (Http404(), 404, "not-found"),
    (django_exceptions.PermissionDenied(), 403, "forbidden"),
    (django_exceptions.DisallowedHost(), 400, "bad-request"),
    (django_exceptions.RequestDataTooBig("big"), 413, "too-large"),
    (UnreadablePostError(), 400, "unreadable-body"),
    (django.db.OperationalError("gone"), 503, "database-unavailable"),
    (django.db.InterfaceError("closed"), 503, "database-unavailable"),
    (psycopg.errors.QueryCanceled("timeout"), 503, "database-unavailable"),
    (psycopg.OperationalError("refused"), 503, "database-unavailable"),
]


def answer(exc: Exception):
    request = APIRequestFactory().get("/")
    request.META["api.request_id"] = "r-1"
    return problems.exception_handler(exc, {"request": request})


@pytest.mark.parametrize(
    ("exc", "status", "code"), CASES, ids=lambda value: type(value).__name__
)
def test_it_answers_each_foreseen_exception(exc, status, code):
    response = answer(exc)
    body = json.loads(response.content)
    assert response["Content-Type"] == "application/problem+json"
    assert (response.status_code, body["status"], body["code"]) == (
        status,
        status,
        code,
    )
    assert body["type"] == f"/api/docs/problems#{code}"
    assert body["request_id"] == "r-1"
    assert body["title"]
    assert body["detail"]


@pytest.mark.parametrize(
    "exc",
    [ValueError(), django.db.IntegrityError(), django.db.DataError(), KeyError("x")],
)
def test_it_leaves_unforeseen_exceptions_to_django(exc):
    assert answer(exc) is None


def test_it_says_when_to_try_again():
    assert answer(django.db.OperationalError())["Retry-After"] == "2"
    assert answer(exceptions.Throttled(wait=1.2))["Retry-After"] == "2"


def test_it_tells_nothing_of_the_database():
    secret = "connection to 10.0.0.7 failed for user orders"
    assert secret not in answer(django.db.OperationalError(secret)).content.decode()


def test_a_view_adds_members_and_headers_but_not_over_the_standard_ones():
    problem = Problem(
        status=412,
        code="version-mismatch",
        detail="d",
        headers={"ETag": '"3"'},
        members={"actual": 3, "status": "open"},
        errors=[Fault("/a", "b", "c")],
    )
    response = answer(problem)
    body = json.loads(response.content)
    assert response["ETag"] == '"3"'
    assert body["actual"] == 3
    assert body["status"] == 412
    assert body["errors"] == [{"pointer": "/a", "code": "b", "detail": "c"}]


def test_it_reports_every_fault_up_to_a_limit_that_it_names():
    many = [Fault(f"/{n}", "unknown-field", "x") for n in range(10_005)]
    body = problems.body(problems.invalid(many), request_id="")
    assert len(body["errors"]) == 10_000
    assert body["errors_left_out"] == 5
    assert "10005 faults" in body["detail"]
