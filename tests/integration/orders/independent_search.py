"""What can be searched for, from the log's raw JSON: none of our code folds here.

For plain ASCII texts: accents and such are not taken off.
"""

import re
from collections import Counter
from uuid import UUID

import psycopg

from tests.faults import decrypted

EVENTS = f"""
SELECT stream, type, {decrypted.COLUMNS}
FROM eventstore_event
WHERE stream LIKE 'order-%'
ORDER BY stream, version
"""
ROWS = """
SELECT order_id, tsvector_to_array(identifiers), tsvector_to_array(names),
       tsvector_to_array(notes)
FROM orders_order_search
"""
COUNTS = "SELECT word, orders FROM orders_search_word WHERE orders <> 0"

Lexemes = tuple[set[str], set[str], set[str]]


def expected(session: psycopg.Connection) -> dict[UUID, Lexemes]:
    """Order -> identifiers, names with the words of identifiers, words of notes."""
    lives: dict[str, list[tuple[str, dict]]] = {}
    for stream, type, *stored in session.execute(EVENTS):
        lives.setdefault(stream, []).append((type, decrypted.data(*stored)))
    return {
        UUID(stream.removeprefix("order-")): _lexemes(
            stream.removeprefix("order-"), life
        )
        for stream, life in lives.items()
    }


def actual(session: psycopg.Connection) -> dict[UUID, Lexemes]:
    rows = session.execute(ROWS)
    return {id: tuple(map(set, lexemes)) for id, *lexemes in rows}


def expected_counts(found: dict[UUID, Lexemes]) -> dict[str, int]:
    """Word of letters alone -> orders that have it."""
    counts: Counter[str] = Counter()
    for _, names, notes in found.values():
        counts.update(
            word for word in names | notes if re.fullmatch("[a-z]{3,32}", word)
        )
    return dict(counts)


def actual_counts(session: psycopg.Connection) -> dict[str, int]:
    return dict(session.execute(COUNTS).fetchall())


def _lexemes(order_id: str, life: list[tuple[str, dict]]) -> Lexemes:
    of_type: dict[str, list[dict]] = {}
    for type, data in life:
        of_type.setdefault(type, []).append(data)
    (placed,) = of_type["OrderPlaced"]
    removed = {each["line_id"] for each in of_type.get("LineRemoved", [])}
    lines = [
        each
        for each in [*placed["lines"], *of_type.get("LineAdded", [])]
        if each["line_id"] not in removed
    ]
    address = [placed, *of_type.get("ShippingAddressChanged", [])][-1]
    address = address["shipping_address"]
    identifiers = {placed["customer_id"], placed.get("external_reference") or ""}
    identifiers |= {each["sku"] for each in lines}
    identifiers |= {e["tracking_number"] for e in of_type.get("ShipmentSent", [])}
    identifiers = {each.lower() for each in identifiers - {""}}
    names = [*identifiers, address["name"], address["city"]]
    names += [each["name"] for each in lines]
    notes = [
        placed.get("note") or "",
        *(e["text"] for e in of_type.get("NoteAdded", [])),
    ]
    whole = {order_id, *identifiers}
    return whole, whole | _words(names), _words(notes)


def _words(texts: list[str]) -> set[str]:
    return set(re.findall("[a-z0-9]+", " ".join(texts).lower()))
