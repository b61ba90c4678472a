"""Compares the log with its seals, and names the first position that differs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import connections

from eventstore import log
from eventstore.models import Seal
from eventstore.seals import anchors, chain, marks, signing

UNSEALED = """
SELECT count(*),
       to_char(min(recorded_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
FROM eventstore_event
WHERE position > %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The first thing that is wrong. kind: a stable word; text: for people.

    position: of the event; for a fault of a seal or anchor, where its range begins.
    """

    position: int
    kind: marks.Change | chain.Kind
    seal: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was right up to the finding, if there is one.

    last_position: up to which the log is sealed; unsealed: events behind it, of which
    nothing can be said; unsealed_since: when the oldest of them was recorded, as text.
    """

    seals: int
    events: int
    last_position: int
    unsealed: int
    unsealed_since: str | None
    finding: Finding | None


def verify(
    *,
    start: int = marks.FIRST,
    anchor: Path | None = None,
    tell: Callable[[int], object] = lambda position: None,
    using: str = "default",
) -> Report:
    """Recomputes the seals from the one that holds position `start`.

    What is before counts as right. anchor: a file that anchors.extend wrote. tell: is
    called with the last position of every seal that is right. The memory it takes does
    not grow with the log. Raises NoSealKey, BrokenFile, OSError.
    """
    newest = chain.newest_before(start, using=using)
    at = chain.link(newest) if newest else chain.Link()
    look = _Look(start=start, anchor=anchor, after=at.number, using=using)
    seals = events = 0
    finding = None
    for seal in chain.after(at.number, using=using):
        finding = look.at(seal, at)
        if finding:
            break
        at = chain.link(seal)
        seals += 1
        events += seal.events
        tell(at.last_position)
    unsealed, since = (0, None) if finding else _unsealed(at.last_position, using)
    return Report(
        seals=seals,
        events=events,
        last_position=at.last_position,
        unsealed=unsealed,
        unsealed_since=since,
        finding=finding or look.lost(),
    )


class _Look:
    """At one seal after the other; the anchors are read along with them."""

    def __init__(
        self, *, start: int, anchor: Path | None, after: int, using: str
    ) -> None:
        self._start = start
        self._using = using
        self._log_id = UUID(log.identity(using=using).log_id)
        self._keys = signing.trusted()
        self._anchors = _after(after, anchor)
        self._anchor = next(self._anchors, None)

    def at(self, seal: Seal, follows: chain.Link) -> Finding | None:
        """The first thing that is wrong with a seal or with the events it covers."""
        fault = chain.fault(
            seal, follows=follows, log_id=self._log_id, keys=self._keys
        ) or self._other_than_the_anchor(seal)
        if fault:
            kind, text = fault
            position = follows.last_position + 1
            return Finding(position=position, kind=kind, seal=seal.number, text=text)
        return self._changed_event(seal, follows)

    def _other_than_the_anchor(self, seal: Seal) -> tuple[chain.Kind, str] | None:
        anchor = self._anchor
        if anchor is None or anchor.number != seal.number:
            return None
        self._anchor = next(self._anchors, None)
        found = anchors.difference(anchor, seal)
        return ("seal replaced", found) if found else None

    def _changed_event(self, seal: Seal, follows: chain.Link) -> Finding | None:
        found = marks.read(
            after=follows.after, up_to=seal.last_position, using=self._using
        )
        change = marks.first_change(bytes(seal.marks), found, since=self._start)
        if change is None:
            return None
        position, how = change
        text = (
            f"the event at position {position} was {how} after it was sealed"
            if how != "inserted"
            else f"the event at position {position} was inserted among sealed ones"
        )
        return Finding(position=position, kind=how, seal=seal.number, text=text)

    def lost(self) -> Finding | None:
        """An anchor's seal that the log does not have; asked after all seals."""
        anchor = self._anchor
        if anchor is None:
            return None
        return Finding(
            position=anchor.first_position,
            kind="seal missing",
            seal=anchor.number,
            text=anchors.difference(anchor, None),
        )


def _after(number: int, path: Path | None) -> Iterator[anchors.Anchor]:
    if path is None:
        return iter(())
    return (each for each in anchors.read(path) if each.number > number)


def _unsealed(position: int, using: str) -> tuple[int, str | None]:
    with connections[using].cursor() as cursor:
        cursor.execute(UNSEALED, [position])
        count, since = cursor.fetchone()
        return count, since
