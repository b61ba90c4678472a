"""Who may not see payloads finds no personal text in the admin."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from eventstore import commands, store
from eventstore.models import Snapshot
from orders.streams import ORDER
from projections import runner
from tests.integration.eventstore.notes import AT
from tests.unit.orders.builders import ADDRESS, place

TEXTS = (ADDRESS.name, ADDRESS.line1, ADDRESS.city, "R-77")


@pytest.fixture
def pages(database: None) -> list[str]:
    """The pages about an order."""
    id = str(uuid4())
    asked = commands.Context(actor="tests")
    commands.handle(ORDER, id, place(external_reference="R-77"), at=AT, context=asked)
    while runner.run_round(worker="tests").advanced:
        pass
    (placed,) = store.read_stream(f"order-{id}")
    tables = ("ordersummary", "orderdetail", "ordersearch", "customerorder")
    return [
        f"/admin/eventstore/event/{placed.position}/change/",
        f"/admin/eventstore/stream/order-{id}/change/",
        *(f"/admin/orders/{each}/{id}/change/" for each in tables),
    ]


def seen(group: str, url: str) -> str:
    user = User.objects.create_user(f"{group}{uuid4()}", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    answer = client.get(url)
    assert answer.status_code == 200, url
    found: str = answer.content.decode()
    return found


def test_it_shows_personal_texts_to_administrators_alone(pages):
    event, stream, *_ = pages
    for url in (event, stream):
        assert ADDRESS.line1 in seen("Administrator", url)
    for url in pages:
        shown = seen("Viewer", url)
        assert not [each for each in TEXTS if each in shown], url
        assert ("***" in shown) is ("customerorder" not in url)


def test_it_lists_snapshots_without_their_states(database):
    Snapshot.objects.create(
        stream=f"order-{uuid4()}",
        fingerprint="1.abcdefabcdefabcdef",
        version=700,
        event_id=uuid4(),
        recorded_at=AT,
        state=b'{"secret": 1}',
        created_at=AT,
    )
    shown = seen("Viewer", "/admin/eventstore/listedsnapshot/")
    for each in ("700", "1.abcdefabcd", "<span class='number'>13</span>"):
        assert each in shown.replace('"', "'")
    assert "secret" not in shown
