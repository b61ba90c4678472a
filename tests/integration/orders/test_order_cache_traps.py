"""The ways in which a copy could come to be older than its row, each closed."""

import threading
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.db import connections, transaction

from orders import queries
from orders.order_cache import copies, written_through
from orders.projections.order_detail import OrderDetail
from projections import actors, control, registry, repartitioning
from projections import copies as copies_of_rows
from projections.models import DeadLetter
from tests import cleaning
from tests.integration.orders.reading import Reader, project
from tests.integration.orders.shop import Shop
from tests.integration.projections import rebuilds

pytestmark = pytest.mark.usefixtures("patient_redis")
ADA = actors.program("tests")


@pytest.fixture
def order_id(shop: Shop) -> str:
    """Of an order that is copied."""
    placed = shop.place()
    project()
    return placed


def seen(reader: Reader, order_id: str) -> tuple[str, int]:
    answer = reader.order(order_id)
    return answer["X-Cache"], answer.json()["version"]


@contextmanager
def redis_away(monkeypatch: pytest.MonkeyPatch, *names: str) -> Any:
    """For these functions of the cache."""

    def away(*arguments: Any, **named: Any) -> Any:
        raise copies.redis_client.Away("as if")

    with monkeypatch.context() as patched:
        for name in names:
            patched.setattr(copies, name, away)
        yield


def test_it_is_not_stale_when_the_worker_dies_after_its_commit(
    shop: Shop, reader: Reader, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.change(order_id, "confirm")
    with monkeypatch.context() as patched:
        patched.setattr(OrderDetail.copies, "renew", lambda *a, **n: None)
        project()
    assert seen(reader, order_id) == ("miss", 2)
    assert seen(reader, order_id) == ("miss", 2), "a mark is not filled over"


def test_it_is_not_stale_when_redis_was_away_before_the_commit(
    shop: Shop, reader: Reader, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.change(order_id, "confirm")
    with redis_away(monkeypatch, "mark"):
        project()
    assert seen(reader, order_id) == ("miss", 2)
    assert seen(reader, order_id) == ("hit", 2)


def test_it_is_not_stale_when_redis_was_away_for_several_batches(
    shop: Shop, reader: Reader, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with redis_away(monkeypatch, "mark", "put", "unmark"):
        for word in ("confirm", "add-note"):
            shop.change(order_id, word, {"text": "a"} if word == "add-note" else None)
            project()
    shop.place()
    project()
    assert seen(reader, order_id) == ("miss", 3)


def test_it_leaves_alone_what_was_evicted_during_the_write(
    shop: Shop, reader: Reader, order_id: str
) -> None:
    """Somebody may have forgotten more than the copy."""
    mark = copies.mark([UUID(order_id)])
    cleaning.empty_redis()
    OrderDetail.copies.renew([f"order-{order_id}"], mark, tag="1.1.0", position=1)
    assert copies.last_known(UUID(order_id)) is None


def test_it_replaces_what_a_reader_filled_after_a_flush_during_the_write(
    shop: Shop, reader: Reader, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = copies.mark

    def flushed(order_ids: Any) -> str:
        token = mark(order_ids)
        cleaning.empty_redis()
        filled = _other_thread(lambda: seen(reader, order_id))
        assert filled == ("miss", 1)  # not committed yet
        return token

    shop.change(order_id, "confirm")
    with monkeypatch.context() as patched:
        patched.setattr(copies, "mark", flushed)
        project()
    assert seen(reader, order_id) == ("hit", 2)


def confirmed_meanwhile(shop: Shop) -> Any:
    """A reader whose order is confirmed between its read and what it does then."""
    read = queries.find_order

    def overtaken(id: Any) -> Any:
        found = read(id)
        shop.change(str(id), "confirm")
        project()
        return found

    return overtaken


def test_it_does_not_keep_what_was_read_before_a_write(
    shop: Shop, reader: Reader, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write revokes the lease of the reader, who then must not fill."""
    cleaning.empty_redis()
    overtaken = confirmed_meanwhile(shop)
    with monkeypatch.context() as patched:
        patched.setattr(queries, "find_order", overtaken)
        assert seen(reader, order_id) == ("miss", 1)
    assert seen(reader, order_id)[1] == 2


def test_it_is_not_filled_over_the_mark_of_a_worker_that_died(
    shop: Shop, reader: Reader, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read before the commit, filled after it, and no worker to put it right."""
    cleaning.empty_redis()
    overtaken = confirmed_meanwhile(shop)
    with monkeypatch.context() as patched:
        patched.setattr(OrderDetail.copies, "renew", lambda *a, **n: None)
        patched.setattr(queries, "find_order", overtaken)
        assert seen(reader, order_id) == ("miss", 1)
    assert seen(reader, order_id) == ("miss", 2)


def test_it_never_replaces_a_newer_copy_by_an_older_one(
    shop: Shop, reader: Reader, order_id: str
) -> None:
    """A worker that stood still between its commit and its copy."""
    old_mark = copies.mark([UUID(order_id)])
    old = queries.find_order(UUID(order_id))
    assert old
    shop.change(order_id, "confirm")
    project()
    tag = copies.last_known(UUID(order_id)).tag  # type: ignore[union-attr]
    copies.put([old], token=old_mark, tag=tag, position=1)
    assert seen(reader, order_id) == ("hit", 2)
    new_mark = copies.mark([UUID(order_id)])
    copies.put([old], token=old_mark, tag=tag, position=1)
    assert seen(reader, order_id) == ("miss", 2), "that of a later write stands"
    copies.unmark([UUID(order_id)], token=old_mark)
    assert seen(reader, order_id) == ("miss", 2)
    copies.unmark([UUID(order_id)], token=new_mark)
    assert seen(reader, order_id) == ("miss", 2)
    assert seen(reader, order_id) == ("hit", 2)


def test_it_serves_no_copy_of_the_tables_before_a_swap(
    reader: Reader, order_id: str
) -> None:
    assert seen(reader, order_id) == ("hit", 1)
    rebuilds.rebuild("order_detail")
    assert seen(reader, order_id) == ("miss", 1)
    assert seen(reader, order_id) == ("hit", 1)


def test_it_serves_no_copy_of_the_first_time_after_a_roll_back(
    shop: Shop, reader: Reader, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A late worker of the first generation puts its copy over that of the second."""
    old = queries.find_order(UUID(order_id))
    tag = copies.last_known(UUID(order_id)).tag  # type: ignore[union-attr]
    assert old
    rebuilds.rebuild("order_detail")
    shop.change(order_id, "confirm")
    project()
    copies.put([old], token="", tag=tag, position=1)
    rebuilds.roll_back("order_detail")
    assert seen(reader, order_id)[1] == 2


def test_it_is_untouched_by_a_rebuild_that_is_under_way(
    reader: Reader, order_id: str
) -> None:
    operation = rebuilds.until(rebuilds.begin("order_detail"), rebuilds.State.COMPARING)
    assert seen(reader, order_id) == ("hit", 1)
    control.cancel_operation(operation.pk, actor=ADA, reason="")


def test_it_stays_right_when_the_partitions_change(
    shop: Shop, reader: Reader, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be withdrawn does not come back with the rows' new checkpoints."""
    shop.change(order_id, "confirm")
    with redis_away(monkeypatch, "mark"):
        project()
    for count in (3, 1):
        with transaction.atomic(using="read"):
            repartitioning.change("order_detail", count)
        assert seen(reader, order_id)[1] == 2


def test_it_is_renewed_by_a_retry_and_by_a_skip(
    shop: Shop, reader: Reader, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = OrderDetail.fold

    def failing(self: OrderDetail, rows: Any, event: Any) -> None:
        if event.type in {"OrderConfirmed", "NoteAdded"}:
            raise ValueError(event.type)
        fold(self, rows, event)

    with monkeypatch.context() as patched:
        patched.setattr(OrderDetail, "fold", failing)
        shop.change(order_id, "confirm")
        shop.change(order_id, "add-note", {"text": "a"})
        project()
        assert seen(reader, order_id)[1] == 1
    cleaning.empty_redis()
    seen(reader, order_id)
    assert seen(reader, order_id) == ("hit", 1)
    letter = DeadLetter.objects.get()
    assert control.retry(letter.pk, actor=ADA, reason="mended")
    assert seen(reader, order_id) == ("hit", 3)
    with monkeypatch.context() as patched:
        patched.setattr(OrderDetail, "fold", failing)
        shop.change(order_id, "add-note", {"text": "b"})
        payment = {"amount": "50.00", "method": "card", "reference": "p-1"}
        token = shop.change(order_id, "capture-payment", payment)["Consistency-Token"]
        project()
        letter = DeadLetter.objects.get()
        assert control.skip(letter.pk, actor=ADA, reason="lost")
    answer = reader.order(order_id, Consistency_Token=token)
    assert (answer["X-Cache"], answer["ETag"]) == ("hit", '"5"')
    assert answer.json()["captured"] == "50.00"


def test_it_renders_nothing_while_it_catches_up(
    shop: Shop, reader: Reader, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written_through, "RENDERED_AT_MOST", 1)
    shop.change(order_id, "confirm")
    shop.place()
    project()
    assert copies.last_known(UUID(order_id)) is None
    assert seen(reader, order_id) == ("miss", 2)
    assert seen(reader, order_id) == ("hit", 2), "its marks are gone"


def test_it_is_right_for_every_projection_without_copies() -> None:
    with_copies = [n for n, each in registry.all().items() if each.copies]
    assert with_copies == ["order_detail"]
    assert copies_of_rows.epoch_of("2.14.3") == 2


def _other_thread(ask: Any) -> Any:
    """As another client, whose connections are not in the writer's transaction."""
    found: list[Any] = []

    def run() -> None:
        found.append(ask())
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]
