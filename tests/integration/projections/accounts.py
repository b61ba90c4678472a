"""Accounts of the tests' second domain: points add up, so a repeated event shows."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from django.conf import settings

from cqrs_site import configuration
from eventstore import commands, log, store
from eventstore.commands import Context
from eventstore.events import RecordedEvent
from projections import actors, batch, checkpoints, registry, runner
from projections.models import Checkpoint
from projections.projection import Rows
from tests.loyalty import domain, models, streams
from tests.loyalty.projections.balance import LoyaltyBalance

NAME = "loyalty_balance"
ADA = actors.program("ada")  # may do everything
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def open_account(id: str = "1") -> None:
    _handle(id, domain.OpenAccount(owner="ada"))


def earn(points: int, *, id: str = "1") -> int:
    """The position of the event."""
    return _handle(id, domain.EarnPoints(points=points)).position


def earn_many(count: int, *, id: str = "1") -> None:
    """One point each, appended at once."""
    loaded = commands.load(streams.ACCOUNT, id)
    decided = [domain.PointsEarned(points=1)] * count
    new = commands.prepare(
        streams.ACCOUNT, id, loaded, decided, at=AT, context=Context(actor="tests")
    )
    store.append(f"account-{id}", new, expected_version=loaded.version)


def points(id: str = "1") -> int:
    """As the read table has them."""
    return models.Balance.objects.get(pk=id).points


def rows() -> dict[str, tuple[str, int, int]]:
    found = models.Balance.objects.values_list("pk", "owner", "points", "spent")
    return {id: (owner, points, spent) for id, owner, points, spent in found}


def checkpoint(partition: int = 0) -> Checkpoint:
    return checkpoints.live(NAME)[partition]


def follow() -> Checkpoint:
    """One round of every projection; this one's checkpoint after it."""
    runner.run_round(worker="tests")
    return checkpoint()


def window(checkpoint: Checkpoint) -> Sequence[RecordedEvent]:
    """As a worker reads it: the event at the checkpoint and all settled after it."""
    return store.read_settled_from(
        position=checkpoint.position, limit=10_000, up_to=store.head()
    )


def projection() -> LoyaltyBalance:
    found = registry.get(NAME)
    assert isinstance(found, LoyaltyBalance)
    return found


def epoch() -> int:
    return log.identity().epoch


def configured(**own: object) -> configuration.Configuration:
    """The settings of cqrs.yaml, with some of this projection's own changed."""
    return configured_of(NAME, **own)


def configured_of(projection: str, **own: object) -> configuration.Configuration:
    prefix = f"CQRS__QUERY_SIDE__PROJECTIONS__{projection.upper()}__"
    return configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={f"{prefix}{name.upper()}": str(value) for name, value in own.items()},
    )


class Interrupted(LoyaltyBalance):
    """Calls `interrupt` after it has folded an event that earns these points."""

    def __init__(self, points: int, interrupt) -> None:
        self._points = points
        self._interrupt = interrupt

    def fold(self, rows: Rows, event: RecordedEvent) -> None:
        super().fold(rows, event)
        if event.data == domain.PointsEarned(points=self._points):
            self._interrupt()


def _handle(id: str, command: domain.Command) -> commands.Outcome:
    context = Context(actor="tests")
    return commands.handle(streams.ACCOUNT, id, command, at=AT, context=context)


def change_lease(monkeypatch, setting: str, value: str) -> None:
    lease, times = re.subn(f"({setting}', )'[^']+'", rf"\1'{value}'", batch.LEASE)
    assert times == 1
    monkeypatch.setattr(batch, "LEASE", lease)
