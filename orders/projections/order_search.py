"""The words of an order, for the search; and all words, to correct misspelt ones."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct

from eventstore.events import RecordedEvent
from orders import models, search_words, streams
from orders.domain import erasing, errors, events
from orders.search_words import Lexemes
from projections.projection import Projection, Rows, Table

# Distinct words of all notes of an order, the first ones.
MOST_NOTE_WORDS = 5_000


class Named(Struct, array_like=True):
    sku: str
    name: str


class Folded(Struct):
    """Texts as they are, but for notes: of them the distinct words are kept."""

    customer_id: str
    reference: str | None
    address: list[str]
    lines: dict[int, Named]
    tracking: list[str]
    notes: list[str]


ORDERS = Table(
    models.OrderSearch,
    key_of=lambda event: streams.order_id_of(event.stream),
    structs={"folded": Folded},
    personal=("folded", "lexemes", "identifiers", "names", "notes"),
)
WORDS = Table(models.SearchWord, shared=True, drops_zeros=True, personal=("word",))


class OrderSearch(Projection):
    name = "order_search"
    version = 2  # 1 kept words that no order has any more
    stream_type = streams.ORDER
    reads = (
        events.OrderPlaced,
        events.LineAdded,
        events.LineRemoved,
        events.ShippingAddressChanged,
        events.NoteAdded,
        events.ShipmentSent,
        events.PersonalTextsErased,
    )
    tables = (ORDERS, WORDS)

    def fold(self, rows: Rows, event: RecordedEvent) -> None:
        order_id = streams.order_id_of(event.stream)
        row = rows.get(ORDERS, order_id)
        before = Lexemes([], [], [])
        if row is None:
            row = models.OrderSearch(order_id=order_id, folded=_placed(event.data))
            after = _lexemes(row)
        else:
            before = row.lexemes or _lexemes(row)
            _change(row.folded, event.data)
            after = _lexemes(row, before if _is_note(event) else None)
        _put(rows, row, before, after)
        row.version = event.version

    def erase(self, rows: Rows, event: RecordedEvent) -> None:
        if row := rows.get(ORDERS, streams.order_id_of(event.stream)):
            before = row.lexemes or _lexemes(row)
            _erase(row.folded)
            _put(rows, row, before, _lexemes(row))

    def rows_of(self, stream: str) -> list[models.OrderSearch]:
        """That of the order alone: the words belong to no order."""
        order_id = streams.order_id_of(stream)
        return list(models.OrderSearch.objects.filter(pk=order_id))


def _placed(event: Any) -> Folded:
    if not isinstance(event, events.OrderPlaced):
        raise errors.ImpossibleHistory(
            f"the first event is {type(event).__name__}, not OrderPlaced"
        )
    folded = Folded(
        customer_id=event.customer_id,
        reference=event.external_reference,
        address=[event.shipping_address.name, event.shipping_address.city],
        lines={each.line_id: Named(each.sku, each.name) for each in event.lines},
        tracking=[],
        notes=[],
    )
    if event.note:
        _note(folded, event.note)
    return folded


def _change(folded: Folded, event: Any) -> None:
    match event:
        case events.LineAdded():
            folded.lines[event.line_id] = Named(event.sku, event.name)
        case events.LineRemoved():
            del folded.lines[event.line_id]
        case events.ShippingAddressChanged(shipping_address=address):
            folded.address = [address.name, address.city]
        case events.NoteAdded():
            _note(folded, event.text)
        case events.ShipmentSent():
            if event.tracking_number not in folded.tracking:
                folded.tracking.append(event.tracking_number)
        case events.PersonalTextsErased():
            _erase(folded)
        case _:
            raise errors.ImpossibleHistory("the order is placed twice")


def _erase(folded: Folded) -> None:
    """Leaves what events without their texts give, so that a rebuild gives the same."""
    folded.reference = erasing.text(folded.reference)
    folded.address = [erasing.FORGOTTEN for _ in folded.address]
    folded.tracking = [erasing.FORGOTTEN] if folded.tracking else []
    folded.notes = search_words.words(erasing.FORGOTTEN) if folded.notes else []


def _put(rows: Rows, row: models.OrderSearch, before: Lexemes, after: Lexemes) -> None:
    _count(rows, before, after)
    for name, lexemes in after._asdict().items():
        if lexemes is not getattr(before, name):
            setattr(row, name, search_words.vector(lexemes))
    row.lexemes = after
    rows.put(ORDERS, row)


def _note(folded: Folded, text: str) -> None:
    distinct = dict.fromkeys([*folded.notes, *search_words.words(text)])
    folded.notes = list(distinct)[:MOST_NOTE_WORDS]


def _is_note(event: RecordedEvent) -> bool:
    return isinstance(event.data, events.NoteAdded)


def _lexemes(row: models.OrderSearch, before: Lexemes | None = None) -> Lexemes:
    """before: from which all but the notes is taken; an order may have 2,000 lines."""
    folded: Folded = row.folded
    notes = search_words.distinct(folded.notes)
    if before:
        return before._replace(notes=notes)
    texts = list(dict.fromkeys(_identifiers(folded)))
    wholes = [search_words.identifier(each) for each in [str(row.order_id), *texts]]
    names = [*wholes, *_words([*texts, *_names(folded)])]
    return Lexemes(search_words.distinct(wholes), search_words.distinct(names), notes)


def _identifiers(folded: Folded) -> Iterator[str]:
    if folded.reference is not None:
        yield folded.reference
    yield folded.customer_id
    yield from folded.tracking
    yield from (each.sku for each in folded.lines.values())


def _names(folded: Folded) -> list[str]:
    return [*folded.address, *(each.name for each in folded.lines.values())]


def _words(texts: list[str]) -> Iterator[str]:
    for text in dict.fromkeys(texts):
        yield from _words_of(text)


@lru_cache(maxsize=5_000)  # products and cities, which many orders share
def _words_of(text: str) -> list[str]:
    return search_words.words(text)


def _count(rows: Rows, before: Lexemes, after: Lexemes) -> None:
    """Counts the words that the order has now, or has no longer."""
    had = {*before.names, *before.notes}
    has = {*after.names, *after.notes}
    for change, words in ((1, has - had), (-1, had - has)):
        for word in filter(search_words.is_correctable, words):
            rows.add(WORDS, word, orders=change)
