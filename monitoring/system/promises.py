"""What the database promises: checks that fail, and how far the log is sealed."""

import threading
import time
from datetime import datetime

from django.conf import settings
from django.core.checks import run_checks
from django.utils import timezone

from eventstore import counted, settled
from eventstore.models import Event, Seal
from monitoring.system.findings import Finding

# The checks take some 100 statements, and what they look at changes with migrations.
KEPT_S = 30.0
# Workers seal every minute; this much later nobody does. Seconds.
UNSEALED_S = 300

_lock = threading.Lock()
_kept: tuple[float, list[Finding]] | None = None


def checks() -> list[Finding]:
    """One finding for each that fails, by its id; of the last 30 s."""
    global _kept
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] > KEPT_S:
            _kept = time.monotonic(), _checked()
        return _kept[1]


def forget() -> None:
    """The next one who asks runs the checks."""
    global _kept
    _kept = None


def _checked() -> list[Finding]:
    is_apart = settings.READ_DATABASE_IS_SEPARATE
    found = run_checks(databases=["default", "read"] if is_apart else ["default"])
    if not found:
        return [Finding(name="system checks", value="all pass")]
    return [
        Finding(
            name=each.id or "a check",
            value="fails",
            state="bad" if each.is_serious() else "careful",
            sentence=" ".join(str(each.msg).split()),
        )
        for each in found
    ]


def seals() -> list[Finding]:
    """The newest seal, and the settled events that have none yet."""
    up_to = settled.position().settled
    last = Seal.objects.order_by("number").last()
    after = last.last_position if last else 0
    unsealed = Event.objects.filter(position__gt=after, position__lte=up_to)
    oldest = unsealed.order_by("position").values_list("recorded_at", flat=True).first()
    return [
        Finding(
            name="newest seal",
            value=last.last_position if last else "none",
            unit="position" if last else "",
            sentence=f"Made {counted.span(_seconds(last.sealed_at))} ago."
            if last
            else "",
        ),
        _unsealed(0.0 if oldest is None else _seconds(oldest), up_to - after),
    ]


def _unsealed(seconds: float, at_most: int) -> Finding:
    is_late = seconds > UNSEALED_S
    said = f"At most {counted.of(at_most, 'settled event')}: nobody seals. "
    return Finding(
        name="oldest event without a seal",
        value=round(seconds, 1),
        unit="s",
        state="careful" if is_late else "good",
        sentence=said + "Does beat run, and a worker of `operations` with SEAL_KEY?"
        if is_late
        else "",
    )


def _seconds(moment: datetime) -> float:
    return (timezone.now() - moment).total_seconds()
