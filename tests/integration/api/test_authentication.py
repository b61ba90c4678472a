from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from api import keys
from api.models import ApiKey

pytestmark = [
    pytest.mark.usefixtures("database"),
    pytest.mark.urls("tests.integration.api.site"),
]


def ask(authorization: str | None = None):
    headers = {} if authorization is None else {"Authorization": authorization}
    return Client(headers=headers).get("/api/echo")


def assert_problem(response, status: int, code: str) -> None:
    assert response["Content-Type"] == "application/problem+json"
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_it_lets_a_key_with_the_scope_in(key):
    response = ask(f"Bearer {key.key}")
    assert response.status_code == 200
    assert response.json() == {"actor": "key:reader"}


def test_the_scheme_may_be_written_in_any_case(key):
    assert ask(f"bearer {key.key}").status_code == 200


@pytest.mark.parametrize("authorization", [None, "", "Basic YTpi", "Token x"])
def test_it_asks_for_a_key(authorization):
    response = ask(authorization)
    assert_problem(response, 401, "not-authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("token", ["", " ", "x", "cqrs_a_b", "a b", "\xff", "x" * 8000])
def test_it_refuses_wrong_keys(token):
    response = ask(f"Bearer {token}")
    assert_problem(response, 401, "bad-credentials")
    assert 'error="invalid_token"' in response["WWW-Authenticate"]


def test_it_refuses_an_expired_key(key):
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert_problem(ask(f"Bearer {key.key}"), 401, "bad-credentials")


def test_it_refuses_a_revoked_key_with_the_next_request(key):
    assert ask(f"Bearer {key.key}").status_code == 200
    keys.revoke("reader")
    assert_problem(ask(f"Bearer {key.key}"), 401, "bad-credentials")


def test_it_names_every_scope_that_is_missing(client):
    response = client.post("/api/echo", {}, content_type="application/json")
    assert_problem(response, 403, "wrong-scope")
    detail = "This needs the scope orders:write and ops:write."
    assert response.json()["detail"] == detail


def test_one_of_two_scopes_is_not_enough(database):
    created = keys.create(name="writer", scopes=["orders:write"])
    response = Client(headers={"Authorization": f"Bearer {created.key}"}).post(
        "/api/echo", {}, content_type="application/json"
    )
    assert response.json()["detail"] == "This needs the scope ops:write."


def test_it_refuses_a_view_without_declaration_and_says_so_in_the_log(client, caplog):
    response = client.get("/api/undeclared")
    assert_problem(response, 403, "forbidden")
    assert "Undeclared declares no scopes for GET" in caplog.text


def test_an_unsupported_method_is_405_for_whoever_has_a_key(client):
    response = client.delete("/api/echo")
    assert_problem(response, 405, "method-not-allowed")
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"
    assert_problem(Client().delete("/api/echo"), 401, "not-authenticated")


def test_head_needs_the_scope_of_get(client):
    assert client.head("/api/echo").status_code == 200
    created = keys.create(name="writer", scopes=["orders:write"])
    other = Client(headers={"Authorization": f"Bearer {created.key}"})
    assert other.head("/api/echo").status_code == 403


class TestSession:
    @staticmethod
    def signed_in(**attributes) -> Client:
        user = User.objects.create_user("ada", password="x", **attributes)
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)
        return client

    def test_staff_may_do_everything_with_a_csrf_token(self):
        client = self.signed_in(is_staff=True)
        assert client.get("/api/echo").json() == {"actor": "user:ada"}
        client.cookies["csrftoken"] = token = "a" * 32
        response = client.post(
            "/api/echo",
            {"a": 1},
            content_type="application/json",
            headers={"X-CSRFToken": token},
        )
        assert response.json() == {"a": 1}

    def test_without_the_csrf_token_it_refuses_to_write(self):
        client = self.signed_in(is_staff=True)
        response = client.post("/api/echo", {"a": 1}, content_type="application/json")
        assert_problem(response, 403, "forbidden")
        assert "CSRF" in response.json()["detail"]

    def test_a_key_needs_no_csrf_token(self, key):
        client = self.signed_in(is_staff=True)
        response = client.post(
            "/api/echo",
            {"a": 1},
            content_type="application/json",
            headers={"Authorization": f"Bearer {key.key}"},
        )
        assert_problem(response, 403, "wrong-scope")  # the key counts, not the session

    def test_others_have_no_scopes(self):
        client = self.signed_in(is_staff=False)
        assert_problem(client.get("/api/echo"), 403, "wrong-scope")

    def test_inactive_staff_is_nobody(self):
        client = self.signed_in(is_staff=True, is_active=False)
        assert_problem(client.get("/api/echo"), 401, "not-authenticated")
