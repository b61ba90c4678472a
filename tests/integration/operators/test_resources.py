"""What operators may look at: projections, held streams, operations, the audit."""

import pytest

from projections import control, operating
from projections.models import AuditEntry, DeadLetter
from tests.integration.operators import callers
from tests.integration.operators.callers import Caller
from tests.integration.operators.cases import letter
from tests.integration.orders.shop import assert_problem
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME

pytestmark = pytest.mark.usefixtures("holding")

ASKED = {"actor": accounts.ADA, "reason": "because"}
LISTS = ("projections", "dead-letters", "operations", "audit")


@pytest.fixture
def reader(holding: None) -> Caller:
    return callers.key("ops:read")


def found(caller: Caller, path: str, query=None):
    answer = caller.get(path, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def ids(page) -> list[int]:
    return [each["id"] for each in page["data"]]


def test_it_lists_the_projections(reader):
    page = found(reader, "projections")
    assert set(page) == {"data", "next"}
    named = {each["name"]: each for each in page["data"]}
    assert {"order_summary", "order_detail", NAME} <= set(named)
    assert (named[NAME]["state"], named[NAME]["dead_letters"]) == ("running", 1)


def test_it_shows_a_projection_with_what_is_under_way_and_what_fails(reader):
    operation = rebuilds.begin(review=True)
    shown = found(reader, f"projections/{NAME}")
    assert (shown["name"], shown["rebuild"]) == (NAME, "filling")
    (under_way,) = shown["under_way"]
    assert (under_way["id"], under_way["kind"]) == (operation.pk, "rebuild")
    (failing,) = shown["newest_failures"]
    assert (failing["stream"], failing["error"]) == (
        "account-held",
        "ValueError: three",
    )


def test_it_shows_the_projection_as_an_action_left_it():
    answer = callers.key("ops:write").post(f"projections/{NAME}/pause")
    assert (answer.status_code, answer.json()["state"]) == (200, "paused")


def test_it_lists_held_streams_of_a_projection_or_of_all(reader):
    (listed,) = found(reader, "dead-letters")["data"]
    assert (listed["projection"], listed["version"]) == (NAME, 3)
    assert "traceback" not in listed
    assert len(found(reader, "dead-letters", {"projection": NAME})["data"]) == 1
    none = found(reader, "dead-letters", {"projection": "order_summary"})
    assert none == {"data": [], "next": None}


def test_it_shows_a_held_stream_with_traceback_and_how_much_is_held(reader):
    shown = found(reader, f"dead-letters/{letter()}")
    assert shown["held_events"] == 2
    assert "in failing" in shown["traceback"]


def test_it_tells_whether_a_stream_was_freed(monkeypatch):
    id, writer = letter(), callers.key("ops:write")
    again = writer.post(f"dead-letters/{id}/retry").json()
    assert again["freed"] is False
    assert (again["dead_letter"]["id"], again["dead_letter"]["attempts"]) == (id, 2)
    skipped = writer.post(f"dead-letters/{id}/skip", {"reason": "twice"}).json()
    assert skipped == {"freed": True, "dead_letter": None}
    assert accounts.points("held") == 15


def test_it_shows_how_an_operation_goes_on(reader, monkeypatch):
    monkeypatch.undo()
    writer = callers.key("ops:write")
    answer = writer.post("dead-letters/retry", {"projection": NAME})
    begun = answer.json()
    assert (begun["state"], begun["done"], begun["total"]) == ("retrying", 0, 1)
    operating.work()
    shown = reader.http.get(answer["Location"]).json()
    assert (shown["state"], shown["done"], shown["progress"]) == ("finished", 1, 1)
    assert shown["result"] == {"freed": 1, "failed": 0}
    assert shown["finished_at"]
    assert (shown["actor"], shown["reason"]) == (writer.name, "")
    assert accounts.points("held") == 18


def test_it_lists_operations_newest_first_and_by_projection(reader):
    first = control.retry_all(NAME, **ASKED)
    second = rebuilds.begin()
    assert ids(found(reader, "operations")) == [second.pk, first.pk]
    assert ids(found(reader, "operations", {"projection": NAME})) == [
        second.pk,
        first.pk,
    ]
    assert ids(found(reader, "operations", {"projection": "order_summary"})) == []


def test_it_filters_the_audit(reader):
    control.pause(NAME, **ASKED)
    control.resume(NAME, **ASKED)
    control.pause("order_summary", **ASKED)
    callers.staff("clerk").post(f"projections/{NAME}/pause")
    pausing, resuming, other, refused = AuditEntry.objects.order_by("pk")
    everything = [refused.pk, other.pk, resuming.pk, pausing.pk]
    assert ids(found(reader, "audit")) == everything
    for query, expected in (
        ({"projection": NAME}, [refused.pk, resuming.pk, pausing.pk]),
        ({"action": "resume"}, [resuming.pk]),
        ({"actor": "user:clerk"}, [refused.pk]),
        ({"action": "pause", "actor": "ada"}, [other.pk, pausing.pk]),
        ({"actor": "nobody"}, []),
    ):
        assert ids(found(reader, "audit", query)) == expected
    shown = found(reader, "audit", {"actor": "user:clerk"})["data"][0]
    assert shown["outcome"] == "refused"
    assert "projections.pause" in shown["detail"]


@pytest.mark.parametrize("name", ["dead-letters", "operations", "audit"])
def test_it_pages_a_list_so_that_each_row_comes_once(reader, name):
    for id in range(3):
        accounts.open_account(str(id))
        accounts.earn(3, id=str(id))
    accounts.follow()
    control.retry(letter_of("account-0"), **ASKED)
    for _ in range(2):
        operation = control.retry_all(NAME, **ASKED)
        control.cancel_operation(operation.pk, **ASKED)
    whole = ids(found(reader, name))
    assert len(whole) > 1
    assert whole == sorted(whole, reverse=True)
    paged, page = [], found(reader, name, {"limit": 1})
    paged += ids(page)
    while page["next"]:
        page = reader.http.get(page["next"]).json()
        paged += ids(page)
    assert paged == whole


def letter_of(stream: str) -> int:
    return DeadLetter.objects.get(stream=stream).pk


@pytest.mark.parametrize("path", [*LISTS, f"projections/{NAME}"])
def test_it_needs_the_scope_to_read(path):
    assert_problem(callers.key("orders:read").get(path), 403, "wrong-scope")
    assert_problem(callers.nobody().get(path), 401, "not-authenticated")
    assert callers.staff("clerk").get(path).status_code == 200
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("path", [*LISTS, f"projections/{NAME}"])
@pytest.mark.parametrize(
    ("query", "pointer"),
    [({"colour": "red"}, "/colour"), ({"projection": ""}, "/projection")],
)
def test_it_refuses_parameters_that_it_does_not_know(reader, path, query, pointer):
    problem = assert_problem(reader.get(path, query), 422, "invalid")
    assert problem["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("name", ["dead-letters", "operations", "audit"])
@pytest.mark.parametrize("value", ["a\x00b", "x" * 201], ids=["NUL", "too long"])
def test_it_refuses_filters_that_no_row_can_have(reader, name, value):
    assert_problem(reader.get(name, {"projection": value}), 422, "invalid")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("projections/nothing", "unknown-projection"),
        ("dead-letters/99", "unknown-dead-letter"),
        ("dead-letters/99999999999999999999", "unknown-dead-letter"),
        ("operations/99", "unknown-operation"),
        ("dead-letters/x", "not-found"),
        ("projections/%00", "not-found"),
    ],
)
def test_it_does_not_know_what_is_not_there(reader, path, code):
    assert_problem(reader.get(path), 404, code)
