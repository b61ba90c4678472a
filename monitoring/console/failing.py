"""Why a projection does not move, and what its operator can do about it, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from eventstore import store
from eventstore.events import RecordedEvent
from projections import failure
from projections.models import AuditEntry, Checkpoint
from projections.status import Status

OF_ITS_CODE = (
    "Its code fails on what comes next",
    "It is tried again by itself. Deploy code that can do it, or resume to try now.",
)
# Category of a failure -> what that is, and what helps.
WORDS = {
    "log-diverged": (
        "The log is not the one that its rows were made from",
        "It stays where it is, and only a rebuild helps.",
    ),
    "too-many-dead-letters": (
        "It would have to hold more streams than it may",
        "Deploy code that can do them; then retry or skip what is held.",
    ),
    "redis-away": (
        "Redis, which has its entries, does not answer",
        "It goes on by itself when Redis is back: look at Health.",
    ),
    "rows-lost": (
        "Redis has lost its entries",
        "It is filled again from the log by itself.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """kind: "bad" or "careful". since: when it last moved, or was paused.

    at: the first event that it does not have, where the failure begins at the soonest.
    """

    kind: str
    text: str
    advice: str
    since: datetime | None = None
    category: str = ""
    error: str = ""
    traceback: str = ""
    failures: int = 0
    next_attempt_at: datetime | None = None
    at: RecordedEvent | None = None
    paused: AuditEntry | None = None


def trouble(found: Status, partitions: Sequence[Checkpoint]) -> Trouble | None:
    """What keeps it from moving; None while it moves, or has nothing to do."""
    failed = next((each for each in partitions if each.failure), None)
    if failed is not None:
        return _of_failure(failed)
    if found.state == "paused":
        return _of_pause(found.name)
    if found.state == "stalled":
        return Trouble(
            kind="bad",
            text="It is behind and does not move",
            advice="No worker takes its turn: look at Health whether one runs.",
            since=found.advanced_at,
        )
    if not partitions:
        return Trouble(
            kind="careful",
            text="It has not begun",
            advice="The first worker that runs begins it.",
        )
    return None


def _of_failure(failed: Checkpoint) -> Trouble:
    category = failure.text(failed, "category")
    text, advice = WORDS.get(category, OF_ITS_CODE)
    following = store.read_settled(after=failed.position, limit=1)
    return Trouble(
        kind="bad" if failure.is_faulted(failed) else "careful",
        text=text,
        advice=advice,
        since=failed.advanced_at,
        category=category,
        error=failure.text(failed, "error"),
        traceback=failure.text(failed, "traceback"),
        failures=failed.failures,
        next_attempt_at=failed.next_attempt_at,
        at=following[0] if following else None,
    )


def _of_pause(name: str) -> Trouble:
    paused = AuditEntry.objects.filter(projection=name, action="pause", outcome="done")
    newest = paused.order_by("-pk").first()
    return Trouble(
        kind="careful",
        text="It is paused",
        advice="Its rows stay as they are, and readers see older and older ones.",
        since=newest.at if newest else None,
        paused=newest,
    )
