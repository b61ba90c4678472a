"""`event_store forget`: once, whole wherever it is cut off, and only if it is meant."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from eventstore import person_keys, store
from eventstore.models import PersonKey
from projections.models import AuditEntry
from tests.integration.orders.forgotten import (
    ADA,
    forget,
    found,
    react,
    touch_every_field,
)
from tests.integration.orders.reading import project
from tests.integration.orders.shop import Shop, events_of

pytestmark = pytest.mark.usefixtures("patient_redis")


def test_it_is_done_once_however_often_it_is_asked(shop: Shop) -> None:
    orders = touch_every_field(shop)
    assert "erased 2 orders" in forget()
    lengths = [len(events_of(each)) for each in orders]
    assert "was forgotten before" in forget()
    assert [len(events_of(each)) for each in orders] == lengths
    assert len(store.read_stream(f"customer-{ADA}")) == 1
    entries = AuditEntry.objects.filter(action="forget").order_by("pk")
    assert [each.parameters for each in entries] == [
        {"customer_id": ADA},
        {"customer_id": ADA, "again": True},
    ]
    assert {each.reason for each in entries} == {"asked for it"}


@pytest.mark.parametrize("statement", range(1, 20))
def test_it_is_whole_wherever_it_was_broken_off(
    shop: Shop, monkeypatch: Any, statement: int
) -> None:
    """Broken off before its nth statement on the log; the reactor does the rest."""
    orders = touch_every_field(shop)
    project()

    class Cut(Exception):
        pass

    left = [statement]

    def cut(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Cut
        return execute(sql, params, many, context)

    try:
        with connections["default"].execute_wrapper(cut):
            forget()
    except Cut:
        pass
    else:
        pytest.skip("there are fewer statements")
    gone = not person_keys.exists(f"customer-{ADA}")
    assert gone == bool(store.read_stream(f"customer-{ADA}"))
    if not gone:
        assert all(events_of(each)[-1].type != "PersonalTextsErased" for each in orders)
        forget()
    else:
        (forgotten,) = store.read_stream(f"customer-{ADA}")
        react(forgotten)
    project()
    assert found() == set()


def test_the_reactor_erases_the_orders(shop: Shop) -> None:
    orders = touch_every_field(shop)
    forget()
    (forgotten,) = store.read_stream(f"customer-{ADA}")
    lengths = [len(events_of(each)) for each in orders]
    react(forgotten)
    assert [len(events_of(each)) for each in orders] == lengths


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("customer-9", "--reason", "r", "--yes"), "has no orders"),
        (("anonymous", "--reason", "r", "--yes"), "nobody's"),
        ((ADA, "--reason", " ", "--yes"), "needs a reason"),
        ((ADA, "--reason", "r"), "confirm on a terminal"),
    ],
)
def test_it_refuses(shop: Shop, arguments: tuple[str, ...], says: str) -> None:
    shop.place(customer_id=ADA)
    shop.place(customer_id="anonymous")
    keys = PersonKey.objects.count()
    with pytest.raises(CommandError, match=says):
        call_command("event_store", "forget", *arguments)
    assert PersonKey.objects.count() == keys
    assert not store.read_stream(f"customer-{ADA}")
