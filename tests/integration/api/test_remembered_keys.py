"""Keys while the database is away: only those that it verified lately, as they were."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from api import keys, remembered_keys
from api.models import ApiKey

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call it, and the table of keys cannot be reached from then on."""

    def filter(*arguments: Any, **named: Any) -> Any:
        raise OperationalError("connection refused")

    return lambda: monkeypatch.setattr(ApiKey.objects, "filter", filter)


def test_it_takes_a_key_that_was_verified_lately(away: Any) -> None:
    key = keys.create(name="a", scopes=("orders:read",)).key
    verified = keys.verify(key)
    away()
    assert verified == keys.verify(key) != None  # noqa: E711


def test_it_takes_no_other_key(away: Any) -> None:
    key = keys.create(name="a", scopes=("orders:read",)).key
    away()
    with pytest.raises(OperationalError):
        keys.verify(key)


def test_it_takes_no_key_that_was_refused_since(away: Any) -> None:
    key = keys.create(name="a", scopes=("orders:read",)).key
    keys.verify(key)
    keys.revoke("a")
    assert keys.verify(key) is None
    away()
    with pytest.raises(OperationalError):
        keys.verify(key)


def test_it_asks_the_database_while_it_answers() -> None:
    key = keys.create(name="a", scopes=("orders:read",)).key
    assert keys.verify(key)
    keys.revoke("a")
    assert keys.verify(key) is None


def test_it_takes_no_key_that_has_expired_since(
    away: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expires_at = timezone.now() + timedelta(minutes=5)
    key = keys.create(name="a", scopes=("orders:read",), expires_at=expires_at).key
    assert keys.verify(key)
    away()
    assert keys.verify(key)
    monkeypatch.setattr(remembered_keys.timezone, "now", lambda: expires_at)
    with pytest.raises(OperationalError):
        keys.verify(key)


def test_it_forgets_a_key_after_a_quarter_of_an_hour(
    away: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keys.create(name="a", scopes=("orders:read",)).key
    assert keys.verify(key)
    away()
    now = remembered_keys.time.monotonic()
    monkeypatch.setattr(remembered_keys.time, "monotonic", lambda: now + 901)
    with pytest.raises(OperationalError):
        keys.verify(key)


def test_it_remembers_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered_keys, "AT_MOST", 2)
    memory = remembered_keys.Memory[str]()
    for name in "abac":
        memory.remember(name, name, expires_at=None)
    assert [memory.find(name) for name in "abc"] == ["a", None, "c"]
