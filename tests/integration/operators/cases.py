"""Every action of operators: what has to be so before it, and how it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from projections import control
from projections.models import DeadLetter, Operation
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME

PROJECTION = f"projections/{NAME}"


@dataclass(frozen=True, kw_only=True)
class Case:
    """path, call, parameters: from what `given` returns, an id where there is one."""

    word: str  # in the audit
    permission: str
    path: Callable[[Any], str]
    call: Callable[..., Any]  # the door itself
    given: Callable[[], Any] = lambda: None
    body: dict[str, Any] = field(default_factory=dict)
    parameters: Callable[[Any], dict[str, Any]] = lambda id: {}
    status: int = 200
    outcome: str = "done"

    def __str__(self) -> str:
        return f"{self.word} {self.status}"


def letter() -> int:
    found: int = DeadLetter.objects.get().pk
    return found


def _paused() -> None:
    control.pause(NAME, actor=accounts.ADA, reason="before")


def _ready() -> int:
    operation = rebuilds.until(rebuilds.begin(review=True), Operation.State.READY)
    return int(operation.pk)


def _rebuilt() -> None:
    rebuilds.rebuild()


def _rebuilding() -> int:
    return int(rebuilds.begin().pk)


def _retrying() -> int:
    operation = control.retry_all(NAME, actor=accounts.ADA, reason="before")
    return int(operation.pk)


def _held(id: int) -> dict[str, Any]:
    return {"id": id, "stream": "account-held", "freed": False}


CASES = (
    Case(
        word="pause",
        permission="pause",
        path=lambda _: f"{PROJECTION}/pause",
        call=lambda _, **asked: control.pause(NAME, **asked),
    ),
    Case(
        word="resume",
        permission="pause",
        given=_paused,
        path=lambda _: f"{PROJECTION}/resume",
        call=lambda _, **asked: control.resume(NAME, **asked),
    ),
    Case(
        word="rebuild",
        permission="rebuild",
        path=lambda _: f"{PROJECTION}/rebuild",
        call=lambda _, **asked: control.rebuild(NAME, **asked),
        body={
            "review": True,
            "partitions": 2,
            "from_timestamp": "2026-01-01T01:00:00+01:00",
        },
        parameters=lambda _: {
            "review": True,
            "partitions": 2,
            "from_timestamp": "2026-01-01T00:00:00+00:00",
        },
        status=202,
        outcome="started",
    ),
    Case(
        word="swap",
        permission="swap",
        given=_ready,
        path=lambda _: f"{PROJECTION}/swap",
        call=lambda _, **asked: control.swap(NAME, **asked),
        status=202,
        outcome="started",
    ),
    Case(
        word="rollback",
        permission="swap",
        given=_rebuilt,
        path=lambda _: f"{PROJECTION}/rollback",
        call=lambda _, **asked: control.rollback(NAME, **asked),
        status=202,
        outcome="started",
    ),
    Case(
        word="discard",
        permission="swap",
        given=_rebuilt,
        path=lambda _: f"{PROJECTION}/discard",
        call=lambda _, **asked: control.discard(NAME, **asked),
    ),
    Case(
        word="cancel",
        permission="swap",
        given=_rebuilding,
        path=lambda _: f"{PROJECTION}/cancel",
        call=lambda _, **asked: control.cancel(NAME, **asked),
        parameters=lambda id: {"operation": id},
    ),
    Case(
        word="repartition",
        permission="rebuild",
        path=lambda _: f"{PROJECTION}/repartition",
        call=lambda _, **asked: control.repartition(NAME, 2, **asked),
        body={"partitions": 2},
        parameters=lambda _: {"partitions": 2},
    ),
    Case(
        word="retry",
        permission="retry",
        given=letter,
        path=lambda id: f"dead-letters/{id}/retry",
        call=control.retry,
        parameters=_held,
    ),
    Case(
        word="skip",
        permission="skip",
        given=letter,
        path=lambda id: f"dead-letters/{id}/skip",
        call=control.skip,
        parameters=lambda id: {"id": id, "stream": "account-held"},
    ),
    Case(
        word="retry",
        permission="retry",
        path=lambda _: "dead-letters/retry",
        call=lambda _, **asked: control.retry_all(NAME, **asked),
        body={"projection": NAME},
        status=202,
        outcome="started",
    ),
    Case(
        word="cancel",
        permission="retry",
        given=_retrying,
        path=lambda id: f"operations/{id}/cancel",
        call=control.cancel_operation,
        parameters=lambda id: {"operation": id},
    ),
    Case(
        word="cancel",
        permission="swap",
        given=_rebuilding,
        path=lambda id: f"operations/{id}/cancel",
        call=control.cancel_operation,
        parameters=lambda id: {"operation": id},
    ),
)
