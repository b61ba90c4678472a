"""What was confirmed on a review page is done once, and only as it was shown."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core import signing
from django.db import connections, transaction

from projections import confirming, control, dead_letters, errors, standings
from projections.actors import Actor
from projections.confirming import Confirmation
from projections.models import AuditEntry, Checkpoint, DeadLetter, Operation
from tests.integration.operators.cases import CASES, letter
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME

pytestmark = pytest.mark.usefixtures("holding")

ADA = accounts.ADA
ASKED = {"actor": ADA, "reason": "because"}


def confirmed(action: str, target: str = NAME, seen: str | None = None) -> Confirmation:
    """As a page signs it and its form sends it back."""
    seen = standings.of(NAME) if seen is None else seen
    text = confirming.sign(ADA.name, action, target, seen)
    return confirming.read(text, ADA.name, action, target)


def seen_of(case, id) -> str:
    if case.path(id).startswith("operations/"):
        return standings.of_operation(id)
    if case.path(id) == "dead-letters/retry":
        return standings.of_many(NAME)
    if case.path(id).startswith("dead-letters/"):
        return standings.of_letter(id)
    return standings.of(NAME)


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{n}-{each.word}" for n, each in enumerate(CASES)]
)
def test_it_is_done_once_whoever_sends_it_again(case):
    id = case.given()
    once = confirmed(case.word, seen=seen_of(case, id))
    case.call(id, **ASKED, once=once)
    entries = list(AuditEntry.objects.values())
    operations = list(Operation.objects.values())
    letters = list(DeadLetter.objects.values())
    with pytest.raises(errors.AlreadyDone) as raised:
        case.call(id, **ASKED, once=once)
    assert raised.value.entry.token == once.token
    assert raised.value.entry.action == case.word
    assert (raised.value.operation is not None) is (case.outcome == "started")
    assert list(AuditEntry.objects.values()) == entries
    assert list(Operation.objects.values()) == operations
    assert list(DeadLetter.objects.values()) == letters


@pytest.mark.parametrize("action", ["pause", "rebuild", "retry_all", "retry"])
def test_it_is_done_once_when_two_send_it_at_once(action):
    seen = {
        "retry_all": standings.of_many(NAME),
        "retry": standings.of_letter(letter()),
    }
    once = confirmed(action, seen=seen.get(action))
    target = letter() if action == "retry" else NAME
    together = Barrier(2)

    def submit(_) -> str:
        together.wait()
        try:
            getattr(control, action)(target, **ASKED, once=once)
        except errors.AlreadyDone as error:
            return f"done by {error.entry.pk}"
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(submit, range(2)))
    entry = AuditEntry.objects.get()
    assert outcomes == ["done", f"done by {entry.pk}"]
    assert Operation.objects.count() == (action in {"rebuild", "retry_all"})
    if action == "retry":
        assert DeadLetter.objects.get().attempts == 2


def test_it_can_be_confirmed_again_after_a_refusal():
    once = confirmed("resume")
    with pytest.raises(errors.NotAllowedInState, match="is running already"):
        control.resume(NAME, **ASKED, once=once)
    with pytest.raises(errors.NotPermitted):
        control.pause(NAME, actor=Actor("eve"), reason="", once=once)
    control.pause(NAME, **ASKED, once=once)
    outcomes = AuditEntry.objects.order_by("pk").values_list("outcome", "token")
    assert list(outcomes) == [
        ("refused", None),
        ("refused", None),
        ("done", once.token),
    ]


def _pause() -> str:
    control.pause(NAME, **ASKED)
    return f"{NAME} was paused meanwhile"


def _swap() -> str:
    operation = rebuilds.rebuild()
    return (
        f"{NAME} got other tables (generation 2) and keeps generation 1 and got "
        f"rebuild {operation.pk}, which is finished, meanwhile"
    )


def _rebuild() -> str:
    operation = rebuilds.begin()
    return f"{NAME} got rebuild {operation.pk}, which is under way, meanwhile"


def _repartition() -> str:
    control.repartition(NAME, 2, **ASKED)
    return f"{NAME} was given 2 partitions meanwhile"


@pytest.mark.parametrize("overtake", [_pause, _swap, _rebuild, _repartition])
@pytest.mark.parametrize("action", ["pause", "resume", "rebuild", "rollback", "cancel"])
def test_it_is_not_done_when_it_was_overtaken(overtake, action):
    once = confirmed(action)
    said = overtake()
    before = list(Checkpoint.objects.order_by("pk").values())
    operations = Operation.objects.count()
    with pytest.raises(errors.Overtaken) as raised:
        getattr(control, action)(NAME, **ASKED, once=once)
    assert str(raised.value) == said
    assert list(Checkpoint.objects.order_by("pk").values()) == before
    assert Operation.objects.count() == operations
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.outcome, entry.detail) == (action, "refused", said)


def test_it_does_not_swap_what_was_not_ready_yet_when_it_was_shown():
    operation = rebuilds.begin(review=True)
    once = confirmed("swap")
    rebuilds.until(operation, Operation.State.READY)
    with pytest.raises(errors.Overtaken, match=f"its rebuild {operation.pk} ready"):
        control.swap(NAME, **ASKED, once=once)
    control.swap(NAME, **ASKED, once=confirmed("swap"))


def test_it_is_not_overtaken_by_the_steps_of_workers():
    operation = rebuilds.begin(review=True)
    once = confirmed("cancel")
    accounts.earn(1, id="well")
    rebuilds.until(operation, Operation.State.TAILING)
    control.cancel(NAME, **ASKED, once=once)


def test_it_waits_for_who_pauses_at_this_moment():
    """What is compared is what stands when the leases are had."""
    once = confirmed("rebuild")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(using="read"):
            control.pause(NAME, **ASKED)
            late = pool.submit(_late, once)
            with pytest.raises(TimeoutError):
                late.result(timeout=0.5)
        assert late.result(timeout=10) == f"{NAME} was paused meanwhile"


def _late(once: Confirmation) -> str:
    try:
        control.rebuild(NAME, **ASKED, once=once)
    except errors.Overtaken as error:
        return str(error)
    finally:
        connections.close_all()
    return "done"


@pytest.mark.parametrize("action", [control.retry, control.skip])
def test_it_does_not_touch_a_stream_that_is_held_otherwise_now(action):
    id = letter()
    once = confirmed("retry", str(id), standings.of_letter(id))
    DeadLetter.objects.update(state="parked")
    with pytest.raises(
        errors.Overtaken, match=r"^account-held came to be parked meanwhile$"
    ):
        action(id, **ASKED, once=once)
    assert DeadLetter.objects.get().attempts == 1


def test_it_says_that_a_stream_is_held_no_longer():
    id = letter()
    once = confirmed("retry", str(id), standings.of_letter(id))
    dead_letters.skip(id, actor="bob", reason="is gone")
    with pytest.raises(errors.Overtaken, match=r"^account-held is held no longer$"):
        control.retry(id, **ASKED, once=once)


def test_it_retries_many_only_for_the_tables_that_were_shown():
    once = confirmed("retry", seen=standings.of_many(NAME))
    rebuilds.rebuild()
    with pytest.raises(errors.Overtaken, match="generation 2"):
        control.retry_all(NAME, **ASKED, once=once)
    assert not Operation.objects.filter(kind="retry").exists()


def test_it_cancels_only_an_operation_as_it_was_shown():
    operation = rebuilds.begin(review=True)
    once = confirmed("cancel", seen=standings.of_operation(operation.pk))
    rebuilds.until(operation, Operation.State.READY)
    with pytest.raises(errors.Overtaken, match="came to be ready meanwhile"):
        control.cancel_operation(operation.pk, **ASKED, once=once)
    assert Operation.objects.get().state == "ready"


def test_it_reads_what_it_has_signed_and_no_two_are_the_same():
    one, other = (confirmed("pause", NAME, "as it stood") for _ in range(2))
    assert one.seen == other.seen == "as it stood"
    assert one.token != other.token


@pytest.mark.parametrize(
    ("who", "action", "target"),
    [
        ("eve", "pause", NAME),
        (ADA.name, "resume", NAME),
        (ADA.name, "pause", "order_summary"),
    ],
)
def test_it_is_for_one_user_action_and_target(who, action, target):
    text = confirming.sign(ADA.name, "pause", NAME, "")
    with pytest.raises(errors.BadConfirmation, match=f"not for {who} to {action}"):
        confirming.read(text, who, action, target)


def test_it_is_not_taken_from_who_cannot_sign():
    signed = confirming.sign(ADA.name, "pause", NAME, "")
    forged = signing.dumps([ADA.name, "pause", NAME, "", "1"], salt="another")
    for text in ("", "abc", forged, signed[:-1], "x" + signed):
        with pytest.raises(errors.BadConfirmation, match="not made by this system"):
            confirming.read(text, ADA.name, "pause", NAME)


def test_it_expires_after_an_hour(monkeypatch):
    text = confirming.sign(ADA.name, "pause", NAME, "")
    confirming.read(text, ADA.name, "pause", NAME)
    monkeypatch.setattr(confirming, "LONGEST_S", -1)
    with pytest.raises(errors.BadConfirmation, match="older than an hour"):
        confirming.read(text, ADA.name, "pause", NAME)
