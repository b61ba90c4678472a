"""Seals hold over what nobody can read any more; files carry what can be read."""

from pathlib import Path

import pytest
from django.core.management import call_command

from eventstore.files import exporting, importing
from eventstore.models import PersonKey
from eventstore.seals import anchors, sealing, verifying
from tests.integration.orders.shop import ADDRESS, Shop, events_of

pytestmark = pytest.mark.usefixtures("patient_redis")

NAME, STREET = "Zebulon Quick", "7 Quagmire Row"


@pytest.fixture
def order_id(database: None) -> str:
    """Of an order whose first event is sealed."""
    address = {**ADDRESS, "name": NAME, "line1": STREET}
    placed = Shop().place(customer_id="ada", shipping_address=address)
    sealing.seal_settled()
    return placed


def forget() -> None:
    call_command("event_store", "forget", "ada", "--reason", "asked", "--yes")


def name_on(order_id: str) -> str:
    name: str = events_of(order_id)[0].data.shipping_address.name
    return name


def test_every_seal_is_right_after_a_customer_was_forgotten(order_id, tmp_path):
    anchor = tmp_path / "anchor"
    anchors.extend(anchor)
    forget()
    sealing.seal_settled()
    report = verifying.verify(anchor=anchor)
    assert report.finding is None
    assert (report.events, report.unsealed) == (3, 0)
    assert name_on(order_id) == "[forgotten]"


@pytest.mark.parametrize("with_keys", [True, False])
def test_what_is_imported_can_be_read_where_its_keys_are(
    order_id, with_keys, forger, tmp_path
):
    path = tmp_path / "log.ndjson"
    exporting.export(path, with_keys=with_keys)
    forger.run("TRUNCATE eventstore_event, eventstore_seal")
    PersonKey.objects.all().delete()
    importing.import_file(path)
    assert verifying.verify().finding is None
    assert name_on(order_id) == (NAME if with_keys else "[forgotten]")


@pytest.mark.parametrize("how", [{}, {"with_keys": True}, {"readable": True}])
def test_no_file_of_later_has_what_was_forgotten(order_id, how, tmp_path):
    early = tmp_path / "early.ndjson"
    exporting.export(early, readable=True)
    assert _says(early) == {NAME, STREET}
    forget()
    later = tmp_path / "later.ndjson"
    exporting.export(later, **how)
    assert _says(later) == set()


def _says(path: Path) -> set[str]:
    text = path.read_text("utf-8")
    return {each for each in (NAME, STREET) if each in text}
