"""Held streams that were chosen, or that match, are tried again, and no others."""

import pytest

from projections import control, errors, held_streams, operating, operations, retrying
from projections.held_streams import Matching
from projections.models import AuditEntry, DeadLetter, Operation
from tests.integration.operators import callers
from tests.integration.orders.shop import assert_problem
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, earn
from tests.loyalty.projections.balance import LoyaltyBalance

pytestmark = pytest.mark.usefixtures("database")

ASKED = {"actor": accounts.ADA, "reason": "mended"}
IDS = ("1", "2", "3", "4")


class Odd(ValueError):
    code = "odd"


@pytest.fixture
def broken(monkeypatch) -> set[str]:
    """Four accounts that fail: 1 and 3 as "odd", 2 and 4 as "handler"; the set has
    those that fail still.
    """
    found = {f"account-{id}" for id in IDS}
    fold = LoyaltyBalance.fold

    def failing(self, rows, event):
        if getattr(event.data, "points", None) == 3 and event.stream in found:
            if event.stream in {"account-1", "account-3"}:
                raise Odd(f"three\nat {event.stream}")
            raise ValueError("three")
        fold(self, rows, event)

    monkeypatch.setattr(LoyaltyBalance, "fold", failing)
    monkeypatch.setattr(retrying, "STEP_S", 0)
    for id in IDS:
        accounts.open_account(id)
        earn(3, id=id)
    accounts.follow()
    return found


def held() -> list[str]:
    return sorted(DeadLetter.objects.values_list("stream", flat=True))


def id_of(stream: str) -> int:
    return int(DeadLetter.objects.get(stream=stream).pk)


def result(operation: Operation) -> tuple[str, int, int, dict[str, int]]:
    found = operations.get(operation.pk)
    return found.state, found.done, found.total, found.result


def key_of(category: str) -> str:
    (found,) = (g for g in held_streams.groups().groups if g.category == category)
    return found.error_key


@pytest.mark.parametrize(
    ("named", "left"),
    [
        (lambda: {"category": "odd"}, ["account-2", "account-4"]),
        (lambda: {"error_key": key_of("handler")}, ["account-1", "account-3"]),
        (lambda: {"type": "PointsEarned"}, []),
        (lambda: {"stream": "account-2"}, ["account-1", "account-3", "account-4"]),
        (
            lambda: {"ids": [id_of("account-1"), id_of("account-4")]},
            ["account-2", "account-3"],
        ),
        (
            lambda: {
                "ids": [id_of("account-1"), id_of("account-4")],
                "category": "odd",
            },
            ["account-2", "account-3", "account-4"],
        ),
    ],
)
def test_it_tries_what_matches_and_leaves_the_others_alone(broken, named, left):
    broken.clear()
    values = named()
    operation = control.retry_matching(Matching(projection=NAME, **values), **ASKED)
    operating.work()
    count = len(IDS) - len(left)
    assert held() == left
    assert result(operation) == (
        "finished",
        count,
        count,
        {"freed": count, "failed": 0},
    )
    assert {each.attempts for each in DeadLetter.objects.all()} <= {1}
    assert AuditEntry.objects.earliest("pk").parameters == values


def test_it_counts_what_fails_again(broken):
    broken.discard("account-3")
    operation = control.retry_matching(
        Matching(projection=NAME, category="odd"), **ASKED
    )
    operating.work()
    assert result(operation) == ("finished", 2, 2, {"freed": 1, "failed": 1})
    assert held() == ["account-1", "account-2", "account-4"]


def test_it_keeps_what_it_has_freed_when_it_is_cancelled(broken):
    broken.clear()
    operation = control.retry_matching(
        Matching(projection=NAME, category="odd"), **ASKED
    )
    retrying.step(operation)
    control.cancel_operation(operation.pk, **ASKED)
    operating.work(seconds=0.1)
    assert result(operation) == ("cancelled", 1, 2, {"freed": 1, "failed": 0})
    assert held() == ["account-2", "account-3", "account-4"]


def test_it_is_bounded_and_says_so(broken, monkeypatch):
    broken.clear()
    monkeypatch.setattr(retrying, "AT_MOST", 3)
    operation = control.retry_matching(
        Matching(projection=NAME, type="PointsEarned"), **ASKED
    )
    operating.work()
    assert result(operation)[1:3] == (3, 3)
    assert held() == ["account-4"]
    assert operation.parameters == {"type": "PointsEarned", "at_most": 3}


@pytest.mark.parametrize(
    ("named", "error", "says"),
    [
        ({}, errors.WrongSelection, "say which streams"),
        ({"ids": list(range(501))}, errors.WrongSelection, "at most 500"),
        ({"ids": [99]}, errors.NotAllowedInState, "holds none of the streams"),
        ({"category": "even"}, errors.NotAllowedInState, "holds none of the streams"),
    ],
)
def test_it_is_refused_where_nothing_or_too_much_is_chosen(broken, named, error, says):
    with pytest.raises(error, match=says):
        control.retry_matching(Matching(projection=NAME, **named), **ASKED)
    assert not Operation.objects.exists()


def test_it_is_one_at_a_time_with_the_retry_of_all(broken):
    control.retry_all(NAME, **ASKED)
    with pytest.raises(errors.NotAllowedInState, match="retries what"):
        control.retry_matching(Matching(projection=NAME, category="odd"), **ASKED)


def test_it_groups_what_is_held_by_its_cause(broken, django_assert_num_queries):
    with django_assert_num_queries(1, using="read"):
        found = held_streams.groups()
    assert [
        (each.projection, each.category, each.error, each.count, each.parked)
        for each in found.groups
    ] == [
        (NAME, "handler", "ValueError: three", 2, 0),
        (NAME, "odd", "Odd: three", 2, 0),
    ]
    assert found.groups[1].example == id_of("account-1")
    assert not found.more


def test_it_shows_no_more_groups_than_a_page_can(broken, monkeypatch):
    monkeypatch.setattr(held_streams, "GROUPS", 1)
    found = held_streams.groups()
    assert (len(found.groups), found.more) == (1, True)


def test_it_leaves_out_what_only_kept_tables_lack(broken):
    rebuilds.rebuild()
    assert DeadLetter.objects.count() == 8
    assert [each.count for each in held_streams.groups().groups] == [2, 2]


def test_it_is_asked_for_over_http_and_lists_are_filtered(broken):
    broken.clear()
    key = callers.key("ops:read", "ops:write")
    listed = key.get("dead-letters", {"category": "odd", "type": "PointsEarned"})
    assert {each["stream"] for each in listed.json()["data"]} == {
        "account-1",
        "account-3",
    }
    assert key.get("dead-letters", {"state": "parked"}).json()["data"] == []
    answer = key.post("dead-letters/retry", {"projection": NAME, "category": "odd"})
    assert (answer.status_code, answer.json()["total"]) == (202, 2)
    answer = key.post("dead-letters/retry", {"projection": NAME, "category": "even"})
    assert_problem(answer, 409, "not-allowed-in-state")
