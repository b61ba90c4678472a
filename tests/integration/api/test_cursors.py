from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from api import cursors
from api.models import ApiKey

pytestmark = pytest.mark.urls("tests.integration.api.site")

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def names(client: Client) -> list[str]:
    """Names of ten keys, oldest first; always two of the same age."""
    names = [f"key-{number}" for number in range(10)]
    for number, name in enumerate(names):
        key = add(name)
        age = timedelta(days=number // 2, microseconds=1)
        ApiKey.objects.filter(pk=key.pk).update(created_at=START + age)
    return names


def add(name: str) -> ApiKey:
    return ApiKey.objects.create(
        name=name, prefix=name, key_hash="0" * 64, scopes=["orders:read"]
    )


def pages(client: Client, url: str) -> list[list[str]]:
    found, following = [], url
    while following:
        body = client.get(following).json()
        found.append(body["data"])
        following = body["next"]
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 9])
@pytest.mark.parametrize("ordering", ["created_at,id", "-created_at,-id", "name"])
def test_it_shows_each_row_once_in_order(client, names, limit, ordering):
    expected = names[::-1] if ordering.startswith("-") else names
    found = pages(client, f"/api/keys?limit={limit}&ordering={ordering}")
    assert [name for page in found for name in page] == expected
    assert all(len(page) == limit for page in found[:-1])
    assert found[-1]


@pytest.mark.parametrize("limit", [5, 10])
def test_it_never_ends_with_an_empty_page(client, names, limit):
    assert len(pages(client, f"/api/keys?limit={limit}")) == 10 // limit


def test_rows_that_come_and_go_between_pages_shift_no_others(client, names):
    first = client.get("/api/keys?limit=4").json()
    assert first["data"] == ["key-9", "key-8", "key-7", "key-6"]
    ApiKey.objects.filter(name__in=["key-6", "key-8"]).delete()
    add("newest")
    second = client.get(first["next"]).json()
    assert second["data"] == ["key-5", "key-4", "key-3", "key-2"]


def test_next_keeps_the_other_parameters_and_is_absolute(client, names):
    url = "/api/keys?limit=2&ordering=name&tag=a%26b&tag=%C3%A4"
    following = client.get(url).json()["next"]
    assert following.startswith("http://testserver/api/keys?limit=2&ordering=name")
    assert "&tag=a%26b&tag=%C3%A4&cursor=" in following
    assert client.get(following).json()["data"] == ["key-2", "key-3"]


def test_the_limit_may_change_between_pages(client, names):
    following = client.get("/api/keys?limit=2").json()["next"]
    wider = following.replace("limit=2", "limit=200")
    assert client.get(wider).json() == {"data": names[7::-1], "next": None}


def test_fifty_rows_are_a_page_without_a_limit(client):
    for number in range(51):
        add(f"key-{number}")
    assert [len(page) for page in pages(client, "/api/keys")] == [50, 1]


@pytest.mark.parametrize("limit", ["0", "-1", "201", "1.5", "", "x", "٣", "9" * 5000])
def test_it_refuses_a_wrong_limit(client, limit):
    response = client.get("/api/keys", {"limit": limit})
    assert response.status_code == 422
    (fault,) = response.json()["errors"]
    assert fault["pointer"] == "/limit"


def cursor_of(client: Client, url: str) -> str:
    return client.get(url).json()["next"].partition("cursor=")[2]


@pytest.mark.parametrize(
    "change",
    [
        lambda cursor: "x",
        lambda cursor: "\x00",
        lambda cursor: cursor[:-1],
        lambda cursor: cursor[1:],
        lambda cursor: "A" + cursor,
        lambda cursor: cursor.split("%3A")[0],
    ],
)
def test_it_refuses_a_forged_cursor(client, names, change):
    cursor = change(cursor_of(client, "/api/keys?limit=1"))
    response = client.get("/api/keys", {"limit": 1, "cursor": cursor})
    assert (response.status_code, response.json()["code"]) == (400, "bad-cursor")


def test_it_refuses_the_cursor_of_another_query(client, names):
    cursor = cursor_of(client, "/api/keys?limit=1&tag=a")
    for other in ("tag=b", "tag=a&tag=b", "", "tag=a&ordering=name"):
        response = client.get(f"/api/keys?limit=1&{other}&cursor={cursor}")
        assert (response.status_code, response.json()["code"]) == (400, "bad-cursor")
    assert client.get(f"/api/keys?tag=a&cursor={cursor}").status_code == 200


def test_it_compares_rows_so_that_one_index_serves(client, names):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    following = client.get("/api/keys?limit=2").json()["next"]
    with CaptureQueriesContext(connection) as queries:
        client.get(following)
    sql = queries[-1]["sql"]
    assert '("api_apikey"."created_at", "api_apikey"."id") < (' in sql


@pytest.mark.parametrize("ordering", [["-created_at", "id"], ["expires_at", "id"]])
def test_it_refuses_orderings_that_it_cannot_page(ordering, rf, database):
    from rest_framework.request import Request

    with pytest.raises(ValueError, match="one direction, no nullable columns"):
        cursors.page(
            ApiKey.objects.all(), request=Request(rf.get("/")), ordering=ordering
        )
