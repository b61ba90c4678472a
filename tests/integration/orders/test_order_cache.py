"""Whole orders over HTTP from the cache: what the headers say, and its bounds."""

import threading
import time
from collections import Counter
from typing import Any

import pytest
from django.db import connections

from cqrs_site import configuration
from orders import queries
from orders.order_cache import copies, serving
from tests import cleaning
from tests.integration.orders.reading import Reader, project
from tests.integration.orders.shop import Shop, assert_problem

pytestmark = pytest.mark.usefixtures("patient_redis")


@pytest.fixture
def configured(settings: Any) -> Any:
    def change(**caching: object) -> None:
        prefix = "CQRS__QUERY_SIDE__CACHING__"
        settings.CQRS = configuration.load(
            str(settings.BASE_DIR / "cqrs.yaml"),
            environ={f"{prefix}{k.upper()}": str(v) for k, v in caching.items()},
        )

    return change


def test_it_answers_from_the_copy_that_the_worker_wrote(
    shop: Shop, reader: Reader
) -> None:
    order_id = shop.place()
    project()
    copied = reader.order(order_id)
    cleaning.empty_redis()
    read = reader.order(order_id)
    assert (copied["X-Cache"], read["X-Cache"]) == ("hit", "miss")
    assert copied.content == read.content
    for name in ("Content-Type", "ETag", "Read-Position", "Allow"):
        assert copied[name] == read[name]
    assert "Warning" not in copied.headers


def test_it_fills_what_is_missing(shop: Shop, reader: Reader) -> None:
    order_id = shop.place()
    project()
    cleaning.empty_redis()
    results = [reader.order(order_id)["X-Cache"] for _ in range(3)]
    assert results == ["miss", "hit", "hit"]


def test_it_has_the_next_version_once_that_is_projected(
    shop: Shop, reader: Reader
) -> None:
    order_id = shop.place()
    project()
    token = shop.change(order_id, "confirm")["Consistency-Token"]
    project()
    answer = reader.order(order_id, Consistency_Token=token)
    assert (answer["X-Cache"], answer.json()["version"]) == ("hit", 2)


def test_it_answers_304_from_a_copy(shop: Shop, reader: Reader) -> None:
    order_id = shop.place()
    project()
    answer = reader.order(order_id, If_None_Match='"1"')
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer["X-Cache"] == "hit"


def test_it_reads_the_row_once_the_time_to_live_is_over(
    shop: Shop, reader: Reader, configured: Any
) -> None:
    configured(ttl_seconds=1)
    order_id = shop.place()
    project()
    time.sleep(1.1)
    assert reader.order(order_id)["X-Cache"] == "miss"
    assert reader.order(order_id)["X-Cache"] == "hit"


def test_it_touches_no_redis_while_it_is_off(
    shop: Shop, reader: Reader, configured: Any
) -> None:
    configured(enabled=False)
    order_id = shop.place()
    project()
    assert reader.order(order_id)["X-Cache"] == "miss"
    assert reader.order(order_id)["X-Cache"] == "miss"
    assert not copies.counts()
    assert not copies.size()


def test_it_finds_no_copy_of_before_when_it_is_on_again(
    shop: Shop, reader: Reader, configured: Any
) -> None:
    order_id = shop.place()
    project()
    configured(enabled=False)
    shop.change(order_id, "confirm")
    project()
    configured(enabled=True)
    assert reader.order(order_id).json()["version"] == 2


def test_it_stays_below_its_size(
    shop: Shop, reader: Reader, configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "MIB", 10_000)
    configured(size_mb=1)
    orders = [shop.place(note="x" * 1000) for _ in range(12)]
    for order_id in orders:
        project()
        assert copies.size() <= 10_000
        reader.order(order_id)
        assert copies.size() <= 10_000
    results = [reader.order(each)["X-Cache"] for each in orders[-3:]]
    assert results == ["hit"] * 3, "the oldest go, not the newest"
    assert reader.order(orders[0])["X-Cache"] == "miss"


def test_it_counts_hits_and_misses(shop: Shop, reader: Reader) -> None:
    order_id = shop.place()
    project()
    reader.order(order_id)
    reader.order(order_id)
    cleaning.empty_redis()
    reader.order(order_id)
    reader.order(order_id)
    assert copies.counts() == {"miss": 1, "hit": 1}


def test_it_lets_nobody_wait_for_an_order_that_is_not_there(
    shop: Shop, reader: Reader
) -> None:
    order_id = shop.place()
    project()
    unknown = order_id[:-4] + "0000"
    began = time.monotonic()
    for _ in range(3):
        assert_problem(reader.order(unknown), 404, "unknown-order")
    assert time.monotonic() - began < 1


def test_it_reads_a_missing_order_once_however_many_ask(
    shop: Shop, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = shop.place()
    project()
    cleaning.empty_redis()
    read = queries.find_order
    reads: list[Any] = []
    starts = threading.Barrier(50)
    answers: list[Any] = []

    def slow(id: Any) -> Any:
        reads.append(id)
        time.sleep(0.2)
        return read(id)

    def ask() -> None:
        starts.wait()
        answers.append(reader.order(order_id))
        connections.close_all()

    monkeypatch.setattr(queries, "find_order", slow)
    # A busy machine may need longer for 50 threads; what is tested is not that.
    monkeypatch.setattr(serving, "LONGEST_WAIT_S", 30.0)
    threads = [threading.Thread(target=ask) for _ in range(50)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(reads) == 1
    assert Counter(each["X-Cache"] for each in answers) == {"miss": 1, "hit": 49}
    assert {each.status_code for each in answers} == {200}
