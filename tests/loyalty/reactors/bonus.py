"""Answers of every kind: a command, a refusal that does not matter, a timer."""

from collections.abc import Iterable
from datetime import timedelta

from eventstore.events import RecordedEvent
from projections.models import Timer
from projections.reactor import ClearTimer, Effect, Issue, Reactor, SetTimer
from tests.loyalty import domain, streams

# What so many points, earned at once, bring about: a bonus; two of them; a fee that is
# let go where it cannot be paid; a fee that has to be paid.
ONE, TWO, FEE, DUE_FEE = 100, 200, 300, 400
BONUS = 7
GIFT = "gift"


class LoyaltyBonus(Reactor):
    name = "loyalty_bonus"
    version = 1
    stream_type = streams.ACCOUNT
    reads = (domain.AccountOpened, domain.PointsEarned, domain.PointsSpent)

    def react(self, event: RecordedEvent) -> Iterable[Effect]:
        id = event.stream.removeprefix("account-")
        match event.data:
            case domain.AccountOpened():
                # A year later there are points as a gift, unless some were spent.
                due_at = event.occurred_at + timedelta(days=365)
                yield SetTimer(key=GIFT, due_at=due_at, data={"points": BONUS})
            case domain.PointsEarned(points=points) if points in (ONE, TWO):
                for _ in range(points // ONE):
                    yield _issue(id, domain.EarnPoints(points=BONUS))
            case domain.PointsEarned(points=points) if points in (FEE, DUE_FEE):
                accepted = {"too-few-points"} if points == FEE else set()
                fee = domain.SpendPoints(points=1_000)
                yield _issue(id, fee, accept_refusals=frozenset(accepted))
            case domain.PointsSpent():
                yield ClearTimer(key=GIFT)

    def fire(self, timer: Timer) -> Iterable[Effect]:
        id = timer.stream.removeprefix("account-")
        yield _issue(id, domain.EarnPoints(points=timer.data["points"]))


def _issue(
    id: str, command: domain.Command, *, accept_refusals: frozenset[str] = frozenset()
) -> Issue:
    return Issue(
        stream_type=streams.ACCOUNT,
        id=id,
        command=command,
        accept_refusals=accept_refusals,
    )
