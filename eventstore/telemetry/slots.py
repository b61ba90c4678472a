"""Counts by slots of time, and durations by buckets, so that processes add up in Redis.

Percentiles cannot be added, counts of buckets can. A percentile is told as the middle
of its bucket: at most 9.1 % away from what was measured between 0.5 ms and 60 s.
"""

import math
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

SLOT_S = 10
KEEP_S = 3600
# Buckets grow by 2^(1/4) = 19 %, from 0.5 ms on; the last has all that takes longer.
FIRST_S = 0.0005
IN_OCTAVE = 4
LAST_BUCKET = 68

Labels = tuple[str, ...]
SEPARATOR = "\t"  # of the labels in a field of Redis


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Seconds; None where nothing was measured."""

    p50_s: float | None
    p95_s: float | None
    p99_s: float | None


def now() -> int:
    """The number of the slot of this moment, since 1970."""
    return int(time.time() // SLOT_S)


def bucket(seconds: float) -> int:
    """The bucket's number; bucket n ends at FIRST_S * 2^(n / IN_OCTAVE)."""
    if seconds <= FIRST_S:
        return 0
    return min(math.ceil(IN_OCTAVE * math.log2(seconds / FIRST_S)), LAST_BUCKET)


def latency(buckets: Counter[int]) -> Latency:
    """Percentiles of what the buckets count."""
    return Latency(
        p50_s=_percentile(buckets, 0.5),
        p95_s=_percentile(buckets, 0.95),
        p99_s=_percentile(buckets, 0.99),
    )


def by_bucket(counts: Iterable[tuple[Labels, int]]) -> Counter[int]:
    """Counts whose last label is a bucket, added up."""
    found: Counter[int] = Counter()
    for labels, count in counts:
        found[int(labels[-1])] += count
    return found


def key(kind: str, slot: int) -> str:
    """The hash in Redis of what one kind counts in one slot."""
    return f"telemetry:{kind}:{slot}"


def list_key(name: str) -> str:
    """The list in Redis of the newest entries of that name."""
    return f"telemetry:newest:{name}"


def _percentile(buckets: Counter[int], share: float) -> float | None:
    left = math.ceil(share * buckets.total())
    for number in sorted(buckets):
        left -= buckets[number]
        if left <= 0:
            return round(_middle(number), 6)
    return None


def _middle(number: int) -> float:
    """The geometric mean of where the bucket begins and ends."""
    return FIRST_S * math.exp2((number - 0.5) / IN_OCTAVE)
