"""DATA_KEY is exchanged: nothing is lost, and the former one is not needed any more."""

import base64
import io
import secrets

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from cqrs_site import checks
from eventstore import commands, errors, master_keys, rewrapping, store
from eventstore.models import PersonKey
from orders.domain.commands import AddNote
from orders.models import OrderDetail
from orders.streams import ORDER
from projections import runner
from projections.models import Checkpoint, DeadLetter
from tests.integration.eventstore import sessions
from tests.integration.eventstore.test_personal_data import handle, order
from tests.unit.orders.builders import ADDRESS

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def exchanged(settings):
    """Five customers' orders; a new DATA_KEY, with the former one beside it."""
    orders = [order(customer_id=f"c-{number}") for number in range(5)]
    settings.DATA_KEY_PREVIOUS = [settings.DATA_KEY]
    settings.DATA_KEY = base64.b64encode(secrets.token_bytes(32)).decode()
    return orders


def rewrap() -> str:
    out = io.StringIO()
    call_command("event_store", "rewrap", stdout=out)
    return out.getvalue()


def stored() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM eventstore_event ORDER BY position")
        return cursor.fetchall()


def findings() -> list[str]:
    return [each.id for each in rewrapping.check_masters(databases=["default"])]


def test_it_needs_the_former_key_no_longer(exchanged, settings):
    before, keys = stored(), dict(PersonKey.objects.values_list("key_id", "subject"))
    assert rewrapping.left() == 5
    assert "5 of 5 keys" in rewrap()
    settings.DATA_KEY_PREVIOUS = []
    assert findings() == []
    for id in exchanged:
        assert commands.load(ORDER, id).state.shipping_address == ADDRESS
    assert stored() == before
    assert dict(PersonKey.objects.values_list("key_id", "subject")) == keys


def test_it_goes_on_where_it_was_broken_off(exchanged):
    class Cut(Exception):
        pass

    def cut(done):
        raise Cut

    with pytest.raises(Cut):
        rewrapping.run(tell=cut, batch=2)
    assert rewrapping.left() == 3
    for id in exchanged:
        assert commands.load(ORDER, id).state.shipping_address == ADDRESS
    told = []
    assert rewrapping.run(tell=told.append, batch=2) == 3
    assert told == [2, 3]


def test_it_lets_appends_go_on(exchanged):
    """An append that is open holds its key's row, against its end alone."""
    with sessions.opened() as open_session:
        session = open_session()
        session.execute("SELECT FROM eventstore_key FOR KEY SHARE")
        assert rewrapping.run(tell=lambda done: None) == 5
    handle(exchanged[0], AddNote(text="ring twice"))
    *_, noted = store.read_stream(f"order-{exchanged[0]}")
    assert noted.data.text == "ring twice"


def test_it_refuses_to_start_without_the_key_that_wrapped(exchanged, settings):
    assert findings() == []
    settings.DATA_KEY_PREVIOUS = []
    assert findings() == ["eventstore.E010"]
    assert [each.id for each in checks.unreadable_events()] == ["eventstore.E010"]
    with pytest.raises(CommandError, match="DATA_KEY_PREVIOUS"):
        call_command("event_store", "rewrap")
    assert rewrapping.left() == 5


def test_it_holds_nothing_where_the_key_is_another(exchanged, settings):
    """A fault of the set-up: it is waited for, and no order is to blame."""
    settings.DATA_KEY_PREVIOUS, former = [], settings.DATA_KEY_PREVIOUS
    assert isinstance(runner.run_round(worker="t").database_error, errors.WrongDataKey)
    assert not DeadLetter.objects.exists()
    lacking = Checkpoint.objects.get(projection="order_detail")
    assert (lacking.position, lacking.failures, lacking.failure) == (0, 0, None)
    settings.DATA_KEY_PREVIOUS = former
    while runner.run_round(worker="t").advanced:
        pass
    assert OrderDetail.objects.count() == len(exchanged)
    assert [each.id for each in checks.unreadable_events()] == []


def test_it_tells_masters_apart_without_telling_them():
    fingerprint = master_keys.known()[0].fingerprint
    assert len(fingerprint) == 16
    assert fingerprint not in master_keys.known()[0].key.hex()
