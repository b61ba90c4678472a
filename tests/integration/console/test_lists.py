"""Operations, audit, commands: listed, filtered, paged; wrong addresses are told."""

import csv
import io

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from eventstore.telemetry import sending
from projections import actors, control
from projections.models import AuditEntry, Operation
from tests.integration.console import shown, stored
from tests.integration.projections.accounts import NAME

pytestmark = pytest.mark.usefixtures("holding")

ANN = actors.program("ann")


def rebuild(reason: str = "because") -> Operation:
    operation = control.rebuild(NAME, actor=ANN, reason=reason, review=True)
    control.cancel(NAME, actor=ANN, reason="only a test")
    return operation


def entries(number: int) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(actor=f"user:{each}", action="pause", projection=NAME)
        for each in range(number)
    )


def test_it_lists_operations_and_narrows_them(viewer):
    first = rebuild("fixed totals")
    retried = control.retry_all(NAME, actor=ANN, reason="")
    said = shown.text(viewer.get("/ops/operations/"))
    assert "fixed totals" in said
    assert "streams" in said
    only = viewer.get("/ops/operations/?kind=retry").content.decode()
    assert f'id="operation-{retried.pk}"' in only
    assert f'id="operation-{first.pk}"' not in only


def test_it_says_when_no_operation_was_begun(viewer):
    assert "Nothing was rebuilt" in shown.text(viewer.get("/ops/operations/"))
    narrowed = viewer.get("/ops/operations/?kind=retry")
    assert "No operation is like this" in shown.text(narrowed)


def test_it_shows_one_operation_with_its_end(viewer):
    operation = rebuild("fixed totals")
    said = shown.text(viewer.get(f"/ops/operations/{operation.pk}/"))
    assert "Rebuild of loyalty_balance" in said
    assert "cancelled" in said
    assert said.count("fixed totals") >= 2  # its reason, and its entries


def test_it_offers_what_may_be_done_to_whoever_may(viewer, operator):
    operation = control.rebuild(NAME, actor=ANN, reason="", review=True)
    page = f"/ops/operations/{operation.pk}/"
    cancel = f'href="/ops/operations/{operation.pk}/cancel/"'
    assert cancel not in viewer.get(page).content.decode()
    assert cancel in operator.get(page).content.decode()
    control.cancel(NAME, actor=ANN, reason="")
    assert cancel not in operator.get(page).content.decode()


def test_an_unknown_operation_leads_back_to_the_list(viewer):
    answer = viewer.get("/ops/operations/77/")
    assert answer.status_code == 404
    assert 'href="/ops/operations/"' in answer.content.decode()


def test_it_pages_the_audit_in_both_directions(viewer):
    entries(120)
    seen: list[str] = []
    url = "/ops/audit/"
    while url:
        page = viewer.get(url)
        seen += [each.actor for each in page.context["entries"]]
        older = page.context["page"].older
        url = f"/ops/audit/?older={older}" if older else ""
    assert seen == [f"user:{each}" for each in reversed(range(120))]
    last = page.context["page"].newer
    back = viewer.get(f"/ops/audit/?newer={last}").context["entries"]
    assert [each.actor for each in back] == seen[50:100]


def test_it_filters_the_audit(viewer):
    entries(2)
    control.pause(NAME, actor=ANN, reason="an index")
    page = viewer.get("/ops/audit/?actor=ann&action=pause")
    assert [each.reason for each in page.context["entries"]] == ["an index"]
    none = viewer.get("/ops/audit/?before=2001-01-01T00:00")
    assert "Nothing like this" in shown.text(none)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("audit/?after=soon", "valid date"),
        ("audit/?older=x", "older is a whole number"),
        ("operations/?newer=-1", "newer is a whole number"),
        ("commands/?minutes=0", "minutes is a whole number"),
        ("commands/?outcome=odd", "No outcome is named"),
        ("dead-letters/?older=x", "older is a whole number"),
    ],
)
def test_it_says_what_is_wrong_with_an_address(viewer, path, said):
    answer = viewer.get(f"/ops/{path}")
    assert answer.status_code == 422
    assert said in shown.text(answer)


def test_its_csv_has_what_is_filtered_and_no_formulas(viewer):
    control.pause(NAME, actor=ANN, reason="=1+1")
    entries(1)
    answer = viewer.get("/ops/audit/csv/?actor=ann")
    assert answer["Content-Type"].startswith("text/csv")
    text = b"".join(answer.streaming_content).decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["actor"], row["reason"], row["outcome"]) == ("ann", "'=1+1", "done")


def test_its_csv_says_where_it_was_cut_off(viewer, monkeypatch):
    monkeypatch.setattr("monitoring.console.audit.MOST", 3)
    entries(5)
    text = b"".join(viewer.get("/ops/audit/csv/").streaming_content).decode()
    *rows, last = csv.DictReader(io.StringIO(text))
    assert len(rows) == 3
    assert last["at"].startswith("cut off after 3 rows")


def test_it_tells_of_commands_without_their_contents(viewer):
    stream = stored.order("a note", actor="bob", correlation_id="c-1")
    sending.flush()
    said = viewer.get("/ops/commands/").content.decode()
    assert "place-order" in said
    assert f'href="/ops/streams/{stream}/"' in said
    assert "?q=correlation:c-1" in said
    assert "a note" not in said
    narrowed = viewer.get("/ops/commands/?command=add-note").context["recent"]
    assert [each.command for each, _ in narrowed] == ["add-note"]


def test_it_says_that_no_command_is_like_this(viewer):
    said = shown.text(viewer.get("/ops/commands/?command=ship-order"))
    assert "None of the newest is like this" in said


@pytest.mark.parametrize(
    ("path", "most"), [("operations/", 8), ("audit/", 7), ("commands/", 6)]
)
def test_a_page_asks_the_database_as_often_for_many_rows(viewer, path, most):
    entries(60)
    for _ in range(3):
        rebuild()
    viewer.get(f"/ops/{path}")
    with (
        CaptureQueriesContext(connections["default"]) as log,
        CaptureQueriesContext(connections["read"]) as read,
    ):
        assert viewer.get(f"/ops/{path}").status_code == 200
    assert len(log) + len(read) <= most
