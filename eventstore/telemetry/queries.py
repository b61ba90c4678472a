"""How many queries were answered over HTTP, with what, and how fast."""

from collections import Counter
from dataclasses import dataclass

from eventstore.telemetry import reading, sending, slots
from eventstore.telemetry.slots import Labels, Latency

_COUNTED = "queries"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryCount:
    """query: the name of its URL. status: the class of the answers, such as 2xx."""

    query: str
    status: str
    count: int
    latency: Latency


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Queries of some time, `seconds` long: by name and class of status, most first."""

    seconds: int
    counts: list[QueryCount]
    latency: Latency

    @property
    def total(self) -> int:
        return sum(each.count for each in self.counts)

    def of_status(self, status: str) -> int:
        return sum(each.count for each in self.counts if each.status == status)


def note(query: str, *, status: int, seconds: float) -> None:
    """Counts an answer."""
    sending.observe(_COUNTED, (query, f"{status // 100}xx"), seconds)


def summary(*, minutes: float) -> Summary:
    """Of the latest minutes, 60 at most. Raises redis_client.Away."""
    first, last = reading.since(minutes=minutes)
    return between(first=first, last=last)


def between(*, first: int, last: int) -> Summary:
    """Of slots, both included. Raises redis_client.Away."""
    counted = reading.counts(_COUNTED, first=first, last=last)
    by_kind: dict[Labels, Counter[Labels]] = {}
    for labels, times in counted.items():
        by_kind.setdefault(labels[:2], Counter())[labels] += times
    found = [
        QueryCount(
            query=kind[0],
            status=kind[1],
            count=buckets.total(),
            latency=slots.latency(slots.by_bucket(buckets.items())),
        )
        for kind, buckets in by_kind.items()
    ]
    return Summary(
        seconds=(last - first + 1) * slots.SLOT_S,
        counts=sorted(found, key=lambda each: (-each.count, each.query, each.status)),
        latency=slots.latency(slots.by_bucket(counted.items())),
    )
