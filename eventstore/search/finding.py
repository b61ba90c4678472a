"""Searches the log, a bounded piece at a time; what follows is searched by going on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError

from eventstore import store
from eventstore.events import RecordedEvent
from eventstore.search import bounding, conditions
from eventstore.search.errors import PayloadHidden
from eventstore.search.query import Query

PAGE = 50  # events
# Events that one search asks for what has no index: some 0.2 s, of small ones.
WINDOW = 20_000
CANCELLED = "57014"  # SQLSTATE query_canceled
BEYOND = 2**62  # a position that no event has
# Times of recording may run behind those of so many neighbours.
UNORDERED = 1000

BOUNDS = "SELECT count(*), min(position), max(position) FROM ({driver}) candidates"
# OFFSET 0: each candidate is looked up by its key, in order, until the page is full.
FIND = f"""
WITH candidates AS MATERIALIZED ({{driver}})
SELECT e.*
FROM (SELECT position FROM candidates ORDER BY position {{order}}) c
CROSS JOIN LATERAL (
    SELECT {store.COLUMNS}
    FROM eventstore_event
    WHERE position = c.position
      AND {{filters}}
    OFFSET 0
) e
LIMIT %(rows)s
"""
# OFFSET 0: else the order could choose an index, and read it to its end.
OF_CUSTOMERS = """
SELECT stream FROM (
    SELECT stream
    FROM eventstore_event
    WHERE version = 1 AND metadata ->> 'customer_id' = ANY(%(wanted)s)
    OFFSET 0
) begun
LIMIT %(most)s
"""
BEGINNING = """
SELECT stream
FROM eventstore_event
WHERE stream >= %(term)s AND stream < %(beyond)s AND version = 1
ORDER BY stream
LIMIT %(most)s
"""
NEXT = """
SELECT position, recorded_at
FROM eventstore_event
WHERE position >= %s
ORDER BY position
LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """events: newest first. older, newer: what to pass as older_than, newer_than for
    the neighbouring page; None where there is nothing.

    searched_back_to: no event from here on to where the page begins was left out.
    cut_off: the page is not full, and older (newer) goes on; `why` says it.
    """

    events: tuple[RecordedEvent, ...] = ()
    older: int | None = None
    newer: int | None = None
    searched_back_to: int = 0
    cut_off: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    """Which way, between which positions (both excluded), how many rows."""

    back: bool
    low: int
    high: int
    limit: int

    @property
    def order(self) -> str:
        return "DESC" if self.back else "ASC"


def find(
    query: Query,
    *,
    may_see_payload: bool,
    limit: int = PAGE,
    older_than: int | None = None,
    newer_than: int | None = None,
    window: int = WINDOW,
    timeout_ms: int = bounding.TIMEOUT_MS,
    using: str = "default",
) -> Found:
    """A page of what a query asks for: the newest, or what is next to a position.

    At most `window` events are asked for what no index has, and no statement runs
    longer than timeout_ms. Raises PayloadHidden for a search in data that are hidden.
    """
    if query.asks_for_data and not may_see_payload:
        word = next(each.name for each in query.words if each.name.startswith("data."))
        raise PayloadHidden(
            f"{word}: searches what events say, which needs the permission to see it.",
            word=word,
        )
    back = newer_than is None
    try:
        with bounding.cursor(timeout_ms=timeout_ms, using=using) as cursor:
            low, high = _range(cursor, query)
            high = min(high, BEYOND if older_than is None else older_than)
            low = max(low, newer_than or 0)
            step = _Step(back, low, high, limit)
            return _page(cursor, query, step, window, first=older_than is None and back)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != CANCELLED:
            raise
        if window > WINDOW // 10:
            return find(
                query,
                may_see_payload=may_see_payload,
                limit=limit,
                older_than=older_than,
                newer_than=newer_than,
                window=WINDOW // 10,
                timeout_ms=timeout_ms,
                using=using,
            )
        return Found(
            searched_back_to=older_than or BEYOND,
            cut_off=True,
            why=f"The search was stopped after {timeout_ms} ms; nothing is known yet. "
            "Narrow it with after: and before:, or with a qualifier that has an index.",
        )


def _page(cursor: Any, query: Query, step: _Step, window: int, *, first: bool) -> Found:
    driver = conditions.driver(query, found=_streams(cursor, query))
    asked, values = conditions.filters(query)
    names = {each.name for each in query.words}
    timed = query.since is not None or query.until is not None
    rows = step.limit + 1
    within = rows if names <= driver.covers and not timed else max(window, rows)
    values |= driver.values | {"low": step.low, "high": step.high, "window": within}
    sql = driver.sql.replace("{order}", step.order)
    cursor.execute(BOUNDS.format(driver=sql), values)
    count, lowest, highest = cursor.fetchone()
    if not count:
        return _answer([], step, end=None, first=first)
    # What is appended from now on does not move them.
    values |= {"low": lowest - 1, "high": highest + 1, "rows": rows}
    cursor.execute(FIND.format(driver=sql, order=step.order, filters=asked), values)
    found = [RecordedEvent(*row) for row in cursor.fetchall()]
    end = None if count < within else (lowest if step.back else highest)
    return _answer(found, step, end=end, first=first)


def _answer(
    found: list[RecordedEvent], step: _Step, *, end: int | None, first: bool
) -> Found:
    """end: the last position looked at, if there are more behind it."""
    page = found[: step.limit]
    full = len(found) > step.limit
    on: int | None = page[-1].position if full else end
    cut_off = not full and end is not None
    if step.back:
        newer = None if first else (page[0].position if page else step.high - 1)
        older, events, back_to = on, page, on or step.low + 1
    else:
        older = page[0].position if page else step.low + 1
        newer, events, back_to = on, page[::-1], step.low + 1
    return Found(
        events=tuple(events),
        older=older,
        newer=newer,
        searched_back_to=back_to,
        cut_off=cut_off,
        why=f"Searched as far as position {on}; the search can go on from there."
        if cut_off
        else "",
    )


def _streams(cursor: Any, query: Query) -> list[str] | None:
    """Of the customers, or with the beginning, that are asked for, if they are few."""
    most = conditions.MOST_STREAMS + 1
    found: set[str] = set()
    if wanted := query.values("customer"):
        cursor.execute(OF_CUSTOMERS, {"wanted": wanted, "most": most})
        found |= {stream for (stream,) in cursor.fetchall()}
    for term in query.values("prefix") if not wanted else ():
        beyond = {"term": term, "beyond": term + "\U0010ffff", "most": most}
        cursor.execute(BEGINNING, beyond)
        found |= {stream for (stream,) in cursor.fetchall()}
    return None if len(found) >= most else sorted(found)


def _range(cursor: Any, query: Query) -> tuple[int, int]:
    """The positions between which all asked-for events are, both excluded."""
    low, high = query.after or 0, BEYOND if query.before is None else query.before
    if query.since:
        low = max(low, _first_since(cursor, query.since) - UNORDERED)
    if query.until:
        high = min(high, _first_since(cursor, query.until) + UNORDERED)
    return low, high


def _first_since(cursor: Any, at: datetime) -> int:
    """About the first position recorded since a time: found by halving, on the key."""
    cursor.execute("SELECT coalesce(max(position), 0) FROM eventstore_event")
    low, high = 0, cursor.fetchone()[0] + 1
    while low < high:
        middle = (low + high) // 2
        cursor.execute(NEXT, [middle])
        row = cursor.fetchone()
        if row is None or row[1] >= at:
            high = middle
        else:
            low = row[0] + 1
    return low
