import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from api import keys
from api.models import ApiKey

LIST = "/admin/api/apikey/"


@pytest.fixture
def admin(database: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ada", password="x"))
    return client


def add(admin: Client, **values):
    body = {"name": "shop", "scopes": ["orders:read", "ops:read"], **values}
    return admin.post(LIST + "add/", body)


def test_it_shows_a_new_key_once(admin):
    response = add(admin)
    (key,) = re.findall(r"<pre>(.*)</pre>", response.content.decode())
    assert keys.verify(key).scopes == {"orders:read", "ops:read"}
    assert "no-store" in response["Cache-Control"]
    row = ApiKey.objects.get()
    for url in (LIST, f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/history/"):
        page = admin.get(url).content.decode()
        assert key.split("_", 2)[2] not in page
        assert row.key_hash not in page


def test_it_takes_an_expiry(admin):
    add(admin, expires_at_0="2999-01-31", expires_at_1="12:00:00")
    assert ApiKey.objects.get().expires_at.year == 2999


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"scopes": []}, "This field is required"),
        ({"scopes": ["orders:reed"]}, "orders:reed is not one of"),
        ({"name": ""}, "This field is required"),
        ({"name": "taken"}, "already exists"),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00:00"}, "is in the past"),
    ],
)
def test_it_refuses_wrong_values_on_the_form(admin, values, reason):
    keys.create(name="taken", scopes=["ops:read"])
    response = add(admin, **values)
    assert response.status_code == 200
    assert reason in response.content.decode()
    assert ApiKey.objects.count() == 1


def test_a_key_is_never_edited(admin):
    key = keys.create(name="shop", scopes=["ops:read"]).key
    row = ApiKey.objects.get()
    changed = {"name": "other", "scopes": ["ops:write"], "key_hash": "0" * 64}
    admin.post(f"{LIST}{row.pk}/change/", changed)
    assert keys.verify(key).name == "shop"
    assert keys.verify(key).scopes == {"ops:read"}


def test_it_revokes_the_selected_keys(admin):
    one, two = (keys.create(name=name, scopes=["ops:read"]) for name in "ab")
    row = ApiKey.objects.get(name="a")
    admin.post(LIST, {"action": "revoke", "_selected_action": [row.pk]})
    assert keys.verify(one.key) is None
    assert keys.verify(two.key)


def test_it_deletes_no_key(admin):
    keys.create(name="shop", scopes=["ops:read"])
    row = ApiKey.objects.get()
    assert admin.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_staff_without_permission_makes_no_keys(database):
    client = Client()
    client.force_login(User.objects.create_user("eve", password="x", is_staff=True))
    assert client.get(LIST).status_code == 403
    assert add(client).status_code == 403
    assert not ApiKey.objects.exists()
