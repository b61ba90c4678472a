"""What became of commands: every one is counted, the newest of each outcome stay.

No payload, no message: streams, actors and codes alone. See recording.py for how they
are noted.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from eventstore import errors
from eventstore.telemetry import reading, slots
from eventstore.telemetry.slots import Labels, Latency

ACCEPTED, REPEATED, REPLAYED = "accepted", "repeated", "replayed"
REJECTED, TURNED_AWAY, FAILED = "rejected", "turned-away", "failed"
VERSION_MISMATCH = errors.VersionMismatch.code
VERSION_CONFLICT = errors.VersionConflict.code
ALL = (
    ACCEPTED,
    REPEATED,
    REPLAYED,
    REJECTED,
    TURNED_AWAY,
    VERSION_MISMATCH,
    VERSION_CONFLICT,
    FAILED,
)
# That never came to the log's pipeline; their seconds are those of a whole request.
_OF_REQUESTS = {REPLAYED, TURNED_AWAY}

NEWEST = 500  # entries of each outcome
COUNTED, CONFLICTS = "commands", "conflicts"

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class CommandOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one command.

    command: place-order for PlaceOrder. outcome: accepted; repeated (the stream had its
    command_id); replayed (answered as before, under its Idempotency-Key); rejected (by
    the domain); version-mismatch (If-Match); version-conflict (attempts used up);
    turned-away (before it was decided, such as invalid); failed (by a fault). code:
    why, "" where it was accepted. events: stored. attempts: times it was decided; each
    beyond the first was a conflict. seconds: of one of many, its share of them.
    """

    at: datetime
    command: str
    outcome: str
    stream: str = ""
    code: str = ""
    events: int = 0
    attempts: int = 1
    seconds: float = 0.0
    actor: str = ""
    source: str = ""
    request_id: str = ""
    correlation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCount:
    """latency: as CommandOutcome.seconds."""

    command: str
    outcome: str
    code: str
    count: int
    latency: Latency


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Commands of some time, `seconds` long: by command, outcome and code, most first.

    conflicts: decisions that had to be made again, by command. latency: of what the
    pipeline handled, without replays and what was turned away.
    """

    seconds: int
    counts: list[CommandCount]
    conflicts: dict[str, int]
    latency: Latency

    @property
    def total(self) -> int:
        return sum(each.count for each in self.counts)

    @property
    def replays(self) -> int:
        return self.of_outcome(REPLAYED)

    def of_outcome(self, outcome: str) -> int:
        return sum(each.count for each in self.counts if each.outcome == outcome)


def name_of(command: type[Any]) -> str:
    """place-order for PlaceOrder."""
    return _WORD.sub("-", command.__name__).lower()


def recent(
    *,
    limit: int,
    outcome: str | None = None,
    code: str | None = None,
    command: str | None = None,
) -> list[CommandOutcome]:
    """The newest commands, newest first, among the latest 500 of each outcome.

    Raises redis_client.Away.
    """
    names = [list_of(each) for each in ([outcome] if outcome else ALL)]
    found = [
        msgspec.json.decode(text, type=CommandOutcome) for text in reading.newest(names)
    ]
    asked = [
        each
        for each in found
        if code in (None, each.code) and command in (None, each.command)
    ]
    return sorted(asked, key=lambda each: each.at, reverse=True)[:limit]


def summary(*, minutes: float) -> Summary:
    """Of the latest minutes, 60 at most. Raises redis_client.Away."""
    first, last = reading.since(minutes=minutes)
    return between(first=first, last=last)


def between(*, first: int, last: int) -> Summary:
    """Of slots, both included. Raises redis_client.Away."""
    counted = reading.counts(COUNTED, first=first, last=last)
    conflicts = reading.counts(CONFLICTS, first=first, last=last)
    by_kind: dict[Labels, Counter[Labels]] = {}
    for labels, times in counted.items():
        by_kind.setdefault(labels[:3], Counter())[labels] += times
    handled = [each for each in counted.items() if each[0][1] not in _OF_REQUESTS]
    found = [
        CommandCount(
            command=kind[0],
            outcome=kind[1],
            code=kind[2],
            count=buckets.total(),
            latency=slots.latency(slots.by_bucket(buckets.items())),
        )
        for kind, buckets in by_kind.items()
    ]
    return Summary(
        seconds=(last - first + 1) * slots.SLOT_S,
        counts=sorted(found, key=lambda each: (-each.count, each.command, each.code)),
        conflicts={labels[0]: times for labels, times in conflicts.most_common()},
        latency=slots.latency(slots.by_bucket(handled)),
    )


def list_of(outcome: str) -> str:
    """The name of the list of its newest entries."""
    return f"commands:{outcome}"
