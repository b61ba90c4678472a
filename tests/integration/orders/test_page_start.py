"""The start page, and the pages that anybody may meet."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders.pages import start
from tests.integration.orders import visitors


def test_it_says_what_this_is_to_everybody(database: None) -> None:
    shown = visitors.page(Client().get("/"))
    assert "an event in an append-only log" in shown
    for place in ("/ops/", "/admin/", "/api/docs/", "/api/schema/", "/health/ready"):
        assert f'href="{place}"' in shown
    assert '<form class="look-up" action="/orders/"' in shown
    assert 'href="/accounts/login/?next=/"' in shown


def test_it_asks_no_database_for_strangers() -> None:
    # Without the fixture `database`, pytest-django refuses every connection.
    assert Client().get("/").status_code == 200


def test_it_comes_in_the_theme_that_is_chosen(database: None) -> None:
    client = Client()
    assert "data-theme" not in visitors.page(client.get("/"))
    client.cookies["theme"] = "dark"
    for path, status in (("/", 200), ("/accounts/login/", 200), ("/nowhere", 404)):
        assert '<html lang="en" data-theme="dark">' in visitors.page(
            client.get(path), status
        )


def test_it_keeps_the_theme_and_the_frame_where_a_page_fails(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(start.visitors, "show", failing)
    client = Client(raise_request_exception=False)
    client.cookies["theme"] = "dark"
    shown = visitors.page(client.get("/"), 500)
    assert 'data-theme="dark"' in shown
    assert '<a class="brand" href="/">' in shown
    assert "broken" not in shown


def test_it_leads_from_the_sign_in_to_what_was_asked_for(database: None) -> None:
    User.objects.create_superuser("root", password="x")
    client = Client()
    asked = client.get("/orders/?q=web-7")
    assert asked.headers["Location"] == "/accounts/login/?next=/orders/%3Fq%3Dweb-7"
    given = {"username": "root", "password": "x", "next": "/orders/?q=web-7"}
    answer = client.post("/accounts/login/", given)
    assert answer.headers["Location"] == "/orders/?q=web-7"


@pytest.mark.parametrize("path", ["/orders/", "/orders/?q=x", "/orders/x/"])
def test_it_tells_who_may_not_look_at_orders(database: None, path: str) -> None:
    outsider = visitors.signed_in("otto", "Viewer", is_staff=False)
    newcomer = visitors.signed_in("nora")
    for client in (outsider, newcomer):
        assert "You may not look at orders" in visitors.text(client.get(path), 403)
