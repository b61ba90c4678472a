import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from api import keys
from api.models import ApiKey

pytestmark = pytest.mark.usefixtures("database")


def create(name: str = "shop", **options) -> keys.CreatedKey:
    return keys.create(**{"name": name, "scopes": ["orders:read"], **options})


def test_it_makes_a_key_that_is_verified_with_its_scopes():
    created = create(scopes=["orders:write", "orders:read", "orders:read"])
    assert re.fullmatch(r"cqrs_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", created.key)
    assert created.scopes == ("orders:read", "orders:write")
    verified = keys.verify(created.key)
    assert verified is not None
    assert verified.name == "shop"
    assert verified.scopes == {"orders:read", "orders:write"}
    assert created.key.split("_")[1] == verified.prefix


def test_it_stores_no_part_of_the_secret():
    created = create()
    secret = created.key.split("_", 2)[2]
    row = ApiKey.objects.values().get()
    assert not any(secret in str(value) for value in row.values())


def test_keys_differ():
    assert create("a").key != create("b").key


@pytest.mark.parametrize(
    "change",
    [
        lambda key: "",
        lambda key: key[:-1],
        lambda key: key + "x",
        lambda key: key[:-1] + ("a" if key[-1] != "a" else "b"),
        lambda key: key.replace("cqrs_", "CQRS_"),
        lambda key: "cqrs_aaaaaaaa_" + key.split("_", 2)[2],
        lambda key: key[:14] + "\x00" * 43,
        lambda key: key + "\n",
        lambda key: key.split("_")[1],
    ],
)
def test_it_knows_no_other_text(change):
    assert keys.verify(change(create().key)) is None


def test_one_keys_secret_does_not_open_another():
    one, other = create("a"), create("b")
    mixed = "_".join([*one.key.split("_", 2)[:2], other.key.split("_", 2)[2]])
    assert keys.verify(mixed) is None


def test_it_refuses_an_expired_key():
    created = create(expires_at=timezone.now() + timedelta(hours=1))
    assert keys.verify(created.key)
    ApiKey.objects.update(expires_at=timezone.now())
    assert keys.verify(created.key) is None


def test_it_refuses_a_revoked_key_at_once():
    created = create()
    assert keys.verify(created.key)
    first = keys.revoke("shop")
    assert keys.verify(created.key) is None
    assert keys.revoke("shop") == first


def test_it_revokes_no_key_that_is_not_there():
    with pytest.raises(keys.UnknownName, match="no key named 'shop'"):
        keys.revoke("shop")


def test_it_refuses_an_unknown_scope_and_lists_the_allowed():
    with pytest.raises(keys.WrongScopes) as caught:
        create(scopes=["orders:read", "orders:delete"])
    assert str(caught.value) == (
        "Unknown scope 'orders:delete'. Allowed are: orders:read, orders:write, "
        "orders:import, events:read, ops:read, ops:write."
    )


def test_it_refuses_a_key_without_scopes():
    with pytest.raises(keys.WrongScopes, match="A key needs a scope"):
        create(scopes=[])


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\x00b", "a\nb", "\ud800"])
def test_it_refuses_a_wrong_name(name):
    with pytest.raises(keys.WrongName):
        create(name)


def test_it_refuses_a_name_twice_even_of_a_revoked_key():
    create()
    keys.revoke("shop")
    with pytest.raises(keys.NameTaken):
        create()


def test_it_refuses_an_expiry_in_the_past():
    with pytest.raises(keys.AlreadyExpired):
        create(expires_at=timezone.now() - timedelta(seconds=1))


def test_it_notes_the_last_use_at_most_once_a_minute():
    created = create()
    keys.verify(created.key)
    first = ApiKey.objects.get().last_used_at
    assert timezone.now() - first < timedelta(seconds=5)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        keys.verify(created.key)
    assert [query["sql"][:6] for query in queries] == ["SELECT"]
    ApiKey.objects.update(last_used_at=first - timedelta(seconds=61))
    keys.verify(created.key)
    assert ApiKey.objects.get().last_used_at >= first


def test_a_refused_key_counts_as_unused():
    created = create()
    keys.revoke("shop")
    keys.verify(created.key)
    assert ApiKey.objects.get().last_used_at is None


@pytest.mark.parametrize("wrong", [{"scopes": []}, {"key_hash": "cqrs_plain"}])
def test_the_database_refuses_impossible_keys(wrong):
    create()
    with pytest.raises(IntegrityError):
        ApiKey.objects.update(**wrong)
