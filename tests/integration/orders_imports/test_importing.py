import csv
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connections

from eventstore import store
from eventstore.commands import Context
from orders import handling
from orders.domain import commands
from orders.domain.values import Address
from orders.imports import errors, history, importing
from orders.streams import ORDER
from tests.integration.orders_imports import logbook, retail
from tests.unit.orders_imports import samples

pytestmark = pytest.mark.usefixtures("database")

CONTEXT = Context(actor="test", source="test")
SAMPLES = [("online-retail", samples.ONLINE_RETAIL), ("ocel2", samples.OCEL2)]


@pytest.fixture
def rejects(tmp_path):
    return tmp_path / "rejects.csv"


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(importing, "BATCH_EVENTS", 10)


def stopping_after(batches):
    """A display that stops the import when so many batches are stored."""

    @contextmanager
    def display(unit, total):
        told = []

        def advance(records):
            told.append(records)
            if len(told) == batches:
                raise KeyboardInterrupt

        yield advance

    return display


@pytest.mark.parametrize(("format", "path"), SAMPLES)
def test_it_stores_what_the_mapping_says(format, path, rejects):
    summary = logbook.run(path, format=format, rejects=rejects)
    expected = logbook.mapped(path, format=format)
    assert logbook.stored() == expected
    assert summary.new_orders == summary.orders == len(expected)
    assert summary.new_events == summary.events == store.head()


@pytest.mark.parametrize(("format", "path"), SAMPLES)
def test_it_stores_nothing_new_the_second_time(format, path, rejects):
    first = logbook.run(path, format=format, rejects=rejects)
    head, rejected = store.head(), _text_of(rejects)
    second = logbook.run(path, format=format, rejects=rejects)
    assert (second.new_events, second.new_orders) == (0, 0)
    assert (second.events, second.orders) == (first.events, first.orders)
    assert (store.head(), _text_of(rejects)) == (head, rejected)
    assert rejects.exists() == bool(first.rejected)


def _text_of(rejects):
    return rejects.read_text() if rejects.exists() else None


def test_it_says_who_stored_and_for_whom(rejects):
    logbook.run(samples.ONLINE_RETAIL, format="online-retail", rejects=rejects)
    order_id = history.order_id_of(source="online-retail", reference="1002")
    recorded = store.read_stream(ORDER.stream(order_id))
    assert [each.metadata for each in recorded] == [
        {
            "command_id": f"import:online-retail:{invoice}",
            "correlation_id": f"import:online-retail:{invoice}",
            "actor": "import",
            "source": "import:online-retail",
            "customer_id": "501",
        }
        for invoice in ["1002"] * 4 + ["C1010"] * 2
    ]
    assert all(each.recorded_at > each.occurred_at for each in recorded)


def test_it_accounts_for_every_line_in_summary_and_rejects_file(rejects):
    summary = logbook.run(
        samples.ONLINE_RETAIL, format="online-retail", rejects=rejects
    )
    assert (summary.read, summary.imported, summary.rejected) == (29, 19, 10)
    with rejects.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    lines = samples.ONLINE_RETAIL.read_text(encoding="utf-8").splitlines()
    assert len(rows) == 10
    assert all(row["raw"] == lines[int(row["line"]) - 1] for row in rows)
    reasons = [row["reason"] for row in rows]
    assert {each: reasons.count(each) for each in reasons} == summary.rejects


@pytest.mark.parametrize("batches", [1, 2, 7])
def test_it_goes_on_where_it_was_stopped(tmp_path, rejects, small_batches, batches):
    path = retail.write(tmp_path / "history.csv", invoices=40)
    expected = logbook.mapped(path, format="online-retail")
    with pytest.raises(KeyboardInterrupt):
        logbook.run(
            path,
            format="online-retail",
            rejects=rejects,
            display=stopping_after(batches),
        )
    before = store.head()
    assert 0 < before < sum(map(len, expected.values()))
    summary = logbook.run(path, format="online-retail", rejects=rejects)
    assert logbook.stored() == expected
    assert summary.new_events == summary.events - before


def test_it_adds_later_returns_to_orders_that_changed_meanwhile(
    tmp_path, rejects, small_batches
):
    path = retail.write(tmp_path / "history.csv", invoices=40)
    with pytest.raises(KeyboardInterrupt):
        logbook.run(
            path, format="online-retail", rejects=rejects, display=stopping_after(1)
        )
    order_id = history.order_id_of(source="online-retail", reference="3")
    note = commands.AddNote(text="called")
    stream = ORDER.stream(order_id)
    before = store.version_of(stream)
    handling.change(order_id, note, context=CONTEXT, at=datetime.now(UTC))
    logbook.run(path, format="online-retail", rejects=rejects)
    found = [each.data for each in store.read_stream(stream)]
    wanted = [
        event for event, _ in logbook.mapped(path, format="online-retail")[stream]
    ]
    assert type(found.pop(before)).__name__ == "NoteAdded"
    assert found == wanted


def test_it_does_no_harm_when_it_runs_twice_at_once(tmp_path, small_batches):
    path = retail.write(tmp_path / "history.csv", invoices=150)
    start = threading.Barrier(3)
    summaries = []

    def work(number):
        try:
            start.wait()
            summaries.append(
                logbook.run(
                    path,
                    format="online-retail",
                    rejects=tmp_path / f"{number}.csv",
                )
            )
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = logbook.mapped(path, format="online-retail")
    assert logbook.stored() == expected
    assert len(summaries) == 3
    assert sum(each.new_events for each in summaries) == summaries[0].events
    assert sum(each.new_orders for each in summaries) == 150


def test_it_refuses_another_edition_of_a_file_it_imported(tmp_path, rejects):
    path = retail.write(tmp_path / "history.csv", invoices=4)
    logbook.run(path, format="online-retail", rejects=rejects)
    head = store.head()
    path.write_text(path.read_text().replace("2,TEA,TEA,3", "2,TEA,TEA,4"))
    with pytest.raises(errors.ForeignHistory, match="another content"):
        logbook.run(path, format="online-retail", rejects=rejects)
    assert store.head() == head


def test_it_refuses_an_order_that_was_there_before_it(tmp_path, rejects):
    order_id = history.order_id_of(source="online-retail", reference="2")
    line = commands.NewLine(sku="TEA", name="Tea", quantity=9, unit_price=Decimal(9))
    placing = commands.PlaceOrder(
        order_id=order_id,
        customer_id="1",
        currency="GBP",
        lines=(line,),
        shipping_address=Address(name="A", line1="B", city="C", country="GB"),
    )
    handling.place(placing, context=CONTEXT, at=datetime.now(UTC))
    path = retail.write(tmp_path / "history.csv", invoices=4)
    with pytest.raises(errors.ForeignHistory, match="was not imported"):
        logbook.run(path, format="online-retail", rejects=rejects)
    assert store.head() == 1
