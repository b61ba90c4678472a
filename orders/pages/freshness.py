"""What a page says where the read tables lack something of the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from orders import streams
from projections import dead_letters, status

DETAIL = "order_detail"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfList:
    """lag_events: that the tables lack at most, since lag_seconds; parked: orders."""

    lag_events: int
    lag_seconds: float
    parked: int
    state: str


def of_list(names: Sequence[str]) -> OfList:
    """Of the tables together: the one that is furthest behind counts."""
    stands = [status.of(each) for each in names]
    last = max(stands, key=lambda each: each.lag_seconds)
    return OfList(
        lag_events=last.lag_events,
        lag_seconds=last.lag_seconds,
        parked=dead_letters.count(*names),
        state=last.state,
    )


def is_parked(order_id: UUID) -> bool:
    """Whether the order's page lacks events that an operator has to look at."""
    return dead_letters.is_held(DETAIL, streams.ORDER.stream(order_id))
