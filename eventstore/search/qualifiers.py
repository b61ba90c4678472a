"""The words of a search that stand before a colon."""

from dataclasses import dataclass

from eventstore import streams


@dataclass(frozen=True, slots=True)
class Qualifier:
    """name: as it is typed, without the colon; indexed: whether it finds by itself.

    One that is not indexed is looked for in a bounded piece of the log at a time.
    """

    name: str
    does: str
    example: str
    indexed: bool = True


FIXED = (
    Qualifier("type", "Events of a type", "type:OrderPlaced"),
    Qualifier("stream", "Events of a stream", "stream:order-018f7a5e…"),
    Qualifier("customer", "Streams begun for a customer", "customer:customer-17"),
    Qualifier("correlation", "All that belongs to one request", "correlation:018f…"),
    Qualifier("causation", "What an event caused", "causation:018f7a5e…"),
    Qualifier("id", "The event with this id", "id:018f7a5e…"),
    Qualifier("position", "The event at a position", "position:4711"),
    Qualifier("after", "Behind a position, or since a time", "after:2h"),
    Qualifier("before", "Below a position, or until a time", "before:2026-11-24"),
    Qualifier("version", "At this version of its stream", "version:1", indexed=False),
    Qualifier("actor", "By whom", "actor:reactor:expire", indexed=False),
    Qualifier("data.…", "A value in the data", "data.lines.sku:TEA", indexed=False),
)


def qualifiers() -> list[Qualifier]:
    """All there are: one for each registered stream type, and the fixed ones."""
    taken = {each.name for each in FIXED}
    of_types = [
        Qualifier(each.name, f"Events of one {each.name}", f"{each.name}:018f7a5e…")
        for each in streams.registered()
        if each.name not in taken
    ]
    return [*of_types, *FIXED]


def type_names() -> list[str]:
    """The registered event types by name, sorted."""
    return sorted({type.name for each in streams.registered() for type in each.events})
