"""Given events of orders, then the words by which the search finds them."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import islice
from random import Random
from uuid import UUID, uuid4

import pytest
from django.db import connections
from msgspec import structs

from cqrs_site import configuration
from eventstore import store
from orders import models
from orders.domain.commands import AddLine, AddNote, ChangeShippingAddress, RemoveLine
from orders.projections import order_search
from orders.projections.order_search import OrderSearch
from projections import checkpoints, control, runner
from projections.models import DeadLetter
from tests import cleaning
from tests.faults import work
from tests.integration.eventstore import sessions
from tests.integration.orders import independent_search
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.sales import ask, catch_up
from tests.unit.orders import builders

pytestmark = pytest.mark.usefixtures("database")

NAME = "order_search"
PRICE = Decimal("1.00")
COUNTED = {
    OrderSearch.stream_type.type_of_struct(each).name for each in OrderSearch.reads
} - set(OrderSearch.stream_type.erasing)


class Bug(Exception):
    pass


@pytest.fixture
def four_partitions(settings):
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={
            "CQRS__QUERY_SIDE__PROJECTIONS__ORDER_SEARCH__PARTITIONS": "4",
            "CQRS__QUERY_SIDE__PROJECTIONS__ORDER_SEARCH__BATCH_SIZE": "20",
        },
    )


def histories(seed: int, orders: int = 60) -> None:
    """Random lives of orders, side by side."""
    random = Random(seed)
    ids = [UUID(int=random.getrandbits(128)) for _ in range(orders)]
    for id in [*ids, *random.choices(ids, k=5 * orders)]:
        append = work.life(random, id)
        if append.events:
            store.append_many([append])


def assert_right() -> None:
    with sessions.opened() as open_session:
        expected = independent_search.expected(open_session())
        rows = open_session(cleaning.read_tables())
        assert independent_search.actual(rows) == expected
        counts = independent_search.expected_counts(expected)
        assert independent_search.actual_counts(rows) == counts
    assert len(expected) > 20
    assert len(counts) > 5


def placed(**changes) -> UUID:
    id = uuid4()
    ask(id, builders.place(**changes))
    return id


def row(id: UUID) -> models.OrderSearch:
    catch_up()
    return models.OrderSearch.objects.get(pk=id)


def test_it_keeps_identifiers_as_a_whole_and_in_words():
    id = placed(customer_id="Cust 7/A", external_reference="Réf-1")
    assert "'cust 7/a'" in row(id).identifiers
    assert "'ref-1'" in row(id).identifiers
    assert f"'{id}'" in row(id).identifiers
    assert {"'cust'", "'7'", "'a'", "'ref'", "'1'"} <= set(row(id).names.split())


def test_it_forgets_what_is_there_no_longer():
    id = placed()
    ask(id, AddLine(sku="GONE-1", name="Gramophone", quantity=1, unit_price=PRICE))
    assert "'gramophone'" in row(id).names
    ask(id, RemoveLine(line_id=2))
    address = structs.replace(builders.ADDRESS, city="Elsewhere")
    ask(id, ChangeShippingAddress(shipping_address=address))
    assert "gramophone" not in row(id).names
    assert "gone" not in row(id).identifiers
    assert "'elsewhere'" in row(id).names
    assert builders.ADDRESS.city.lower() not in row(id).names
    assert not models.SearchWord.objects.filter(pk="gramophone").exists()
    assert models.SearchWord.objects.get(pk="elsewhere").orders == 1


def test_it_takes_any_text_that_an_order_may_have():
    odd = "'\\ \" : * & | ! ( ) <-> \u00a0\ufdfa\U0001f600"
    id = placed(customer_id=odd, external_reference="'", note="\\'\n\t:A")
    assert """'\\\\ " : * & | ! ( ) <-> """ in row(id).identifiers
    assert "\U0001f600'" in row(id).identifiers
    assert DeadLetter.objects.count() == 0


def test_it_keeps_within_what_a_tsvector_may_have():
    random = Random(1)

    def text(words: int) -> str:
        """Of seven letters of three bytes each."""
        letters = (chr(random.randint(0x4E00, 0x9FFF)) for _ in range(7 * words))
        return " ".join("".join(islice(letters, 7)) for _ in range(words))

    lines = [
        builders.new_line(1, "1.00", sku=text(8), name=text(25)) for _ in range(2_000)
    ]
    id = placed(lines=tuple(lines), external_reference="WEB-1")
    ask(id, *(AddNote(text=text(250)) for _ in range(21)))
    found = row(id)
    assert "'web-1'" in found.identifiers
    assert len(found.folded["notes"]) == order_search.MOST_NOTE_WORDS
    assert 400_000 < len(found.names.encode()) < 1_000_000


@pytest.mark.parametrize("seed", [1, 2])
def test_it_equals_an_independent_computation(seed):
    histories(seed)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT DISTINCT type FROM eventstore_event")
        assert {type for (type,) in cursor.fetchall()} >= COUNTED
    catch_up()
    assert_right()


def test_it_does_so_after_a_rebuild():
    histories(3)
    catch_up()
    models.OrderSearch.objects.update(names="'damaged'")
    models.SearchWord.objects.update(orders=7)
    rebuilds.rebuild(NAME)
    assert_right()


def test_it_does_so_with_four_partitions_at_once(four_partitions):
    histories(4, orders=100)
    checkpoints.runnable()  # makes the first checkpoints

    def follow(number: int) -> None:
        try:
            while runner.run_round(worker=str(number)).advanced:
                pass
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(follow, range(4)))
    catch_up()
    found = checkpoints.live(NAME)
    assert [bool(each.events_folded) for each in found] == [True] * 4
    assert not any(each.failures for each in found)
    assert_right()


def test_it_does_so_after_streams_have_failed_and_were_retried(
    four_partitions, monkeypatch
):
    fold = OrderSearch.fold

    def failing(self, rows, event):
        fold(self, rows, event)
        if event.version > 3 and event.event_id.int % 5 == 0:
            raise Bug(event.type)

    monkeypatch.setattr(OrderSearch, "fold", failing)
    histories(5)
    catch_up()
    held = list(DeadLetter.objects.filter(projection=NAME))
    assert len(held) > 10
    monkeypatch.undo()
    for each in held:
        assert control.retry(each.pk, actor=accounts.ADA, reason="mended") is True
    assert_right()
