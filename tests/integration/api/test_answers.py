"""What clients see of parsing, errors and request ids, through all the middleware."""

import io
import json

import pytest
from django.contrib.auth.models import User
from django.test import Client

from api import keys

pytestmark = pytest.mark.urls("tests.integration.api.site")


@pytest.fixture
def writer(database: None) -> Client:
    created = keys.create(name="writer", scopes=["orders:write", "ops:write"])
    return Client(headers={"Authorization": f"Bearer {created.key}"})


def post(client: Client, body: bytes, media_type: str = "application/json", **headers):
    return client.post(
        "/api/echo", body, content_type=media_type, headers=headers or None
    )


def assert_problem(response, status: int, code: str) -> dict:
    body = json.loads(response.content)
    assert response["Content-Type"] == "application/problem+json"
    assert (response.status_code, body["code"]) == (status, code)
    assert body["request_id"] == response["X-Request-ID"]
    return body


def test_it_answers_what_it_read(writer):
    response = post(writer, '{"a": "Köln", "b": [1.5]}'.encode())
    assert response.json() == {"a": "Köln", "b": [1.5]}
    assert response["Content-Type"] == "application/json"


def test_it_refuses_malformed_json(writer):
    body = assert_problem(post(writer, b'{"a": }'), 400, "malformed-json")
    assert body["detail"] == "Line 1, column 7: Expecting value."


def test_it_refuses_json_that_is_no_object(writer):
    body = assert_problem(post(writer, b"[1]"), 422, "invalid")
    assert body["errors"] == [
        {
            "pointer": "",
            "code": "invalid-type",
            "detail": "Expected an object, got an array.",
        }
    ]


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json; charset=latin-1",
        "",
        "x",
    ],
)
def test_it_refuses_other_media_types(writer, media_type):
    assert_problem(post(writer, b"{}", media_type), 415, "unsupported-media-type")


def test_it_refuses_a_body_above_the_limit(writer):
    body = assert_problem(post(writer, b" " * 2_001), 413, "too-large")
    assert body["max_bytes"] == 2_000


def chunked(client: Client, body: bytes):
    """As a server hands on a body that came in chunks: no length, the stream ends."""
    return client.generic(
        "POST",
        "/api/echo",
        b"",
        headers={"Transfer-Encoding": "chunked"},
        **{"CONTENT_TYPE": "application/json", "wsgi.input": io.BytesIO(body)},
    )


def test_it_reads_a_body_without_announced_length(writer):
    assert chunked(writer, b'{"a": 1}').json() == {"a": 1}
    assert chunked(writer, b"").json() == {}


def test_it_refuses_a_body_that_grows_above_the_limit(writer):
    assert_problem(chunked(writer, b" " * 2_001), 413, "too-large")


@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 413)])
def test_it_reads_as_much_as_a_view_allows(writer, extra, status):
    body = b'{"a": 1}'.ljust(16 * 1024 * 1024 + extra)
    answer = writer.post("/api/large", body, content_type="application/json")
    assert answer.status_code == status


def test_it_reads_as_much_from_a_signed_in_user(database):
    signed_in = Client(enforce_csrf_checks=True)
    ada = User.objects.create_user("ada", password="x", is_staff=True)
    signed_in.force_login(ada)
    token = "a" * 32
    signed_in.cookies["csrftoken"] = token
    body = b'{"a": 1}'.ljust(16 * 1024 * 1024)
    answer = signed_in.post(
        "/api/large",
        body,
        content_type="application/json",
        headers={"X-CSRFToken": token},
    )
    assert answer.json() == {"members": 1}


def test_it_refuses_a_representation_that_it_does_not_have(writer):
    response = writer.get("/api/echo", headers={"Accept": "text/html"})
    assert_problem(response, 406, "not-acceptable")


def test_the_query_parameter_format_means_nothing(client):
    assert client.get("/api/echo?format=xml").status_code == 200


def test_an_unknown_url_is_a_problem_under_api_only(client):
    assert_problem(client.get("/api/nothing"), 404, "not-found")
    assert "text/html" in client.get("/nothing")["Content-Type"]


def test_a_host_that_is_not_allowed_is_a_problem(client, settings):
    settings.ALLOWED_HOSTS = ["shop.example"]
    response = client.get("/api/keys?limit=1", headers={"Host": "evil.example"})
    assert_problem(response, 400, "bad-request")


def test_an_unforeseen_exception_is_logged_under_its_id_and_tells_nothing(
    client, caplog
):
    response = client.get("/api/broken", headers={"X-Request-ID": "r-7"})
    body = assert_problem(response, 500, "internal-error")
    assert body["request_id"] == "r-7"
    assert "42" not in response.content.decode()
    (record,) = caplog.records
    assert record.getMessage() == "Internal Server Error: /api/broken"
    assert record.request_id == "r-7"
    assert "the secret is 42" in str(record.exc_info[1])
    assert "text/html" in client.get("/page")["Content-Type"]


def test_a_refusal_outside_of_the_views_is_a_problem(client):
    assert_problem(client.get("/api/closed"), 403, "forbidden")


@pytest.mark.parametrize("url", ["/api/away", "/api/outside"])
def test_a_database_that_is_away_is_503(client, url):
    response = client.get(url)
    body = assert_problem(response, 503, "database-unavailable")
    assert response["Retry-After"] == "2"
    assert "10.0.0.7" not in json.dumps(body)


def test_a_database_that_is_away_while_the_key_is_looked_up_is_503(client, monkeypatch):
    from django.db import connection

    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    connection.close()
    try:
        assert_problem(client.get("/api/echo"), 503, "database-unavailable")
    finally:
        monkeypatch.undo()
        connection.close()


def test_every_answer_carries_the_request_id(client):
    for path in ("/api/echo", "/api/nothing", "/api/broken", "/nothing"):
        response = client.get(path, headers={"X-Request-ID": "mine"})
        assert response["X-Request-ID"] == "mine"
