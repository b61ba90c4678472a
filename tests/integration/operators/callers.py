"""Whoever calls the endpoints for operators: keys with scopes, members of staff."""

import json
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

from api import keys

OPS = "/api/v1/ops"


class Caller:
    """name: as the audit has it."""

    def __init__(self, name: str, http: Client) -> None:
        self.name = name
        self.http = http

    def get(self, path: str, query: Any = None) -> Any:
        return self.http.get(f"{OPS}/{path}", query)

    def post(self, path: str, body: Any = None) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        return self.http.post(f"{OPS}/{path}", data, content_type="application/json")


def key(*scopes: str) -> Caller:
    """A key named after its scopes."""
    name = "-".join(scopes).replace(":", "-")
    bearer = f"Bearer {keys.create(name=name, scopes=scopes).key}"
    http = Client(headers={"Authorization": bearer}, raise_request_exception=False)
    return Caller(f"key:{name}", http)


def staff(name: str, *permissions: str, is_staff: bool = True) -> Caller:
    """Signed in, with permissions of the app projections."""
    user = User.objects.create_user(name, is_staff=is_staff)
    found = Permission.objects.filter(
        content_type__app_label="projections", codename__in=permissions
    )
    assert found.count() == len(permissions)
    user.user_permissions.set(found)
    http = Client(raise_request_exception=False)
    http.force_login(user)
    return Caller(f"user:{name}", http)


def superuser() -> Caller:
    User.objects.create_superuser("root")
    http = Client(raise_request_exception=False)
    http.force_login(User.objects.get(username="root"))
    return Caller("user:root", http)


def nobody() -> Caller:
    return Caller("", Client(raise_request_exception=False))
