"""P9: whoever asks for an action, and whichever way: permitted, explained, audited."""

from typing import Any

import pytest

from projections import errors
from projections.actors import EVERYTHING, Actor
from projections.models import (
    AuditEntry,
    Checkpoint,
    DeadLetter,
    Operation,
    SkippedEvent,
)
from tests.integration.operators import callers
from tests.integration.operators.callers import Caller
from tests.integration.operators.cases import CASES, Case
from tests.integration.orders.shop import assert_problem
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME

pytestmark = pytest.mark.usefixtures("holding")

every_case = pytest.mark.parametrize(
    "case", CASES, ids=[f"{n}-{each.word}" for n, each in enumerate(CASES)]
)
BODY = {"reason": "because"}


def standing() -> list[Any]:
    """Everything that an action could change."""
    models = (Checkpoint, DeadLetter, Operation, SkippedEvent)
    return [
        *(list(each.objects.order_by("pk").values()) for each in models),
        *(rebuilds.tables_in(f"projections_{role}") for role in ("shadow", "kept")),
        accounts.rows(),
    ]


def audited() -> list[tuple]:
    rows = AuditEntry.objects.order_by("pk").values_list(
        "action", "projection", "actor", "reason", "outcome"
    )
    return list(rows)


def post(caller: Caller, case: Case, id: Any) -> Any:
    return caller.post(case.path(id), {**case.body, **BODY})


@every_case
def test_it_is_refused_without_permission_whichever_way_it_comes(case):
    id = case.given()
    before, entries = standing(), len(audited())
    others = EVERYTHING - {case.permission}
    for caller, code in (
        (callers.key("ops:read", "orders:write"), "wrong-scope"),
        (callers.staff("clerk"), "not-permitted"),
        (callers.staff("neighbour", *others), "not-permitted"),
        (callers.staff("guest", *EVERYTHING, is_staff=False), "wrong-scope"),
    ):
        assert_problem(post(caller, case, id), 403, code)
        action, projection, actor, _, outcome = audited()[-1]
        assert (action, actor, outcome) == (case.word, caller.name, "refused")
        assert projection in {NAME, ""}
    with pytest.raises(errors.NotPermitted, match=f"projections.{case.permission}"):
        case.call(id, actor=Actor("eve", others), reason="because")
    action, _, actor, reason, outcome = audited()[-1]
    assert (action, actor, reason, outcome) == (case.word, "eve", "because", "refused")
    assert standing() == before
    assert len(audited()) == entries + 5


@every_case
def test_it_is_not_known_who_asks_without_key_or_session(case):
    id = case.given()
    before, entries = standing(), audited()
    assert_problem(post(callers.nobody(), case, id), 401, "not-authenticated")
    assert standing() == before
    assert audited() == entries


@every_case
@pytest.mark.parametrize("who", ["key", "staff", "root"])
def test_it_is_done_and_written_down_with_permission(case, who):
    id = case.given()
    before = standing()
    if who == "key":
        caller = callers.key("ops:write")
    elif who == "staff":
        caller = callers.staff("ada", case.permission)
    else:
        caller = callers.superuser()
    entries = AuditEntry.objects.count()
    answer = post(caller, case, id)
    assert answer.status_code == case.status, answer.content
    assert standing() != before
    entry = AuditEntry.objects.get(actor=caller.name, action=case.word)
    assert entry in list(AuditEntry.objects.order_by("pk")[entries:])
    assert (entry.projection, entry.reason) == (NAME, "because")
    assert entry.outcome == case.outcome
    expected = case.parameters(id)
    assert {name: entry.parameters.get(name) for name in expected} == expected
    if case.status == 202:
        operation = answer.json()["id"]
        assert answer["Location"] == f"/api/v1/ops/operations/{operation}"
        assert entry.operation == operation
        found = callers.key("ops:read").http.get(answer["Location"])
        assert found.json()["kind"] == answer.json()["kind"]


def test_it_needs_a_reason_to_skip():
    id = DeadLetter.objects.get().pk
    caller = callers.key("ops:write")
    for body, code in (({}, "required"), ({"reason": " "}, "blank")):
        problem = assert_problem(
            caller.post(f"dead-letters/{id}/skip", body), 422, "invalid"
        )
        (fault,) = problem["errors"]
        assert (fault["pointer"], fault["code"]) == ("/reason", code)
    assert not SkippedEvent.objects.exists()


@every_case
def test_it_refuses_members_that_it_does_not_know(case):
    id = case.given()
    before = standing()
    caller = callers.key("ops:write")
    answer = caller.post(case.path(id), {**case.body, **BODY, "force": True})
    (fault,) = assert_problem(answer, 422, "invalid")["errors"]
    assert (fault["pointer"], fault["code"]) == ("/force", "unknown-field")
    assert standing() == before


def test_it_says_that_the_state_does_not_allow_it():
    caller = callers.key("ops:write")
    for path in ("resume", "swap", "rollback", "discard", "cancel"):
        answer = caller.post(f"projections/{NAME}/{path}", BODY)
        assert_problem(answer, 409, "not-allowed-in-state")
    outcomes = set(AuditEntry.objects.values_list("outcome", flat=True))
    assert outcomes == {"refused"}


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("projections/nothing/pause", {}, "unknown-projection"),
        ("projections/nothing/rebuild", {}, "unknown-projection"),
        ("dead-letters/99/retry", {}, "unknown-dead-letter"),
        ("dead-letters/99/skip", BODY, "unknown-dead-letter"),
        ("dead-letters/99999999999999999999/retry", {}, "unknown-dead-letter"),
        ("dead-letters/retry", {"projection": "nothing"}, "unknown-projection"),
        ("operations/99/cancel", {}, "unknown-operation"),
        ("operations/99999999999999999999/cancel", {}, "unknown-operation"),
    ],
)
def test_it_does_not_know_what_is_not_there(path, body, code):
    assert_problem(callers.key("ops:write").post(path, body), 404, code)
    assert AuditEntry.objects.get().outcome == "refused"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"review": 1}, "/review"),
        ({"review": None}, "/review"),
        ({"partitions": 0}, "/partitions"),
        ({"partitions": 257}, "/partitions"),
        ({"from_timestamp": "yesterday"}, "/from_timestamp"),
        ({"reason": "x" * 501}, "/reason"),
        ({"reason": "a\x00b"}, "/reason"),
        ({"reason": 7}, "/reason"),
    ],
    ids=str,
)
def test_it_refuses_values_that_are_impossible(body, pointer):
    answer = callers.key("ops:write").post(f"projections/{NAME}/rebuild", body)
    (fault,) = assert_problem(answer, 422, "invalid")["errors"]
    assert fault["pointer"] == pointer
    assert not Operation.objects.exists()
