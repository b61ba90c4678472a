"""Maps an OCEL 2.0 log of order management to one history per order.

An order's delivery follows from its items: packages mix orders, and orders are split
over packages, so each order in a package gets a shipment of its own.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from orders.imports import ocel2_file
from orders.imports.history import Mapped, Reject, Source
from orders.imports.ocel2_file import Event, Log, Objects
from orders.imports.ocel2_lives import NAME, Life, Lives, Refused

WAREHOUSE = {"pick item", "item out of stock", "reorder item", "create package"}

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST_ID = 64


def read(path: Path) -> Source:
    """The log's orders. Raises UnreadableFile."""
    log = ocel2_file.load(path)
    return Source(
        name=NAME, unit="source events", total=len(log.events), mapped=mapped(log)
    )


def mapped(log: Log) -> Iterator[Mapped]:
    """One Mapped per order, in the order they were placed; then one for the rest.

    A source event that touches several orders counts with the first of them.
    """
    lives = Lives(Objects(log))
    rejects, ignored = [], 0
    seen: set[str] = set()
    for number, event in _by_time(log.events):
        if event.type in WAREHOUSE:
            ignored += 1
            continue
        try:
            _require_new_id(event, seen)
            _taker(lives, event.type)(event)[0].read += 1
        except Refused as fault:
            raw = msgspec.json.encode(event).decode()
            rejects.append(Reject(number, fault.reason, raw, fault.detail))
    for life in lives:
        yield Mapped(read=life.read, histories=life.histories)
    yield Mapped(read=ignored + len(rejects), rejects=sorted(rejects), ignored=ignored)


def _by_time(events: Sequence[Event]) -> list[tuple[int, Event]]:
    # The sort is stable: what happened at the same time keeps the file's order.
    return sorted(enumerate(events, start=1), key=lambda each: each[1].time)


def _require_new_id(event: Event, seen: set[str]) -> None:
    # Ids name stored events, and become references and tracking numbers.
    texts = [event.id, *(each.objectId for each in event.relationships)]
    for text in texts:
        if not 1 <= len(text) <= _LONGEST_ID or _CONTROL.search(text):
            raise Refused("bad-id", f"{text[:_LONGEST_ID]!r}")
    if event.id in seen:
        raise Refused("repeated-id", event.id)
    seen.add(event.id)


def _taker(lives: Lives, type: str) -> Callable[[Event], list[Life]]:
    takers = {
        "place order": lives.place,
        "confirm order": lives.confirm,
        "pay order": lives.pay,
        "payment reminder": lives.remind,
        "send package": lives.send,
        "failed delivery": lives.fail,
        "package delivered": lives.deliver,
    }
    if type not in takers:
        raise Refused("unknown-event-type", type)
    return takers[type]
