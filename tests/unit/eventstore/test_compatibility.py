"""What may change in a stored form, and what breaks those who read it."""

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct, defstruct

from eventstore import compatibility, schemas
from eventstore.streams import EventType, StreamType
from eventstore.upcasting import Upcaster


def struct(*fields: Any, name: str = "Shipped", **options: Any) -> type[Struct]:
    return defstruct(name, fields, frozen=True, kw_only=True, **options)


def line(*fields: Any) -> type[Struct]:
    return struct(("sku", str), *fields, name="Line")


SHIPPED = struct(
    ("carrier", str),
    ("weight", Annotated[int, Meta(ge=1)]),
    ("note", str | None, None),
    ("speed", Literal["fast", "slow"], "slow"),
    ("lines", tuple[line(), ...], ()),  # type: ignore[misc]
    forbid_unknown_fields=True,
)


def parcel(*events: EventType) -> StreamType:
    return StreamType(
        name="parcel",
        events=events,
        decide=lambda *_, **__: [],
        evolve=lambda *_, **__: None,
        rejection=ValueError,
    )


def shipped(struct: type[Struct] = SHIPPED, **changes: Any) -> StreamType:
    return parcel(EventType(struct=struct, **{"name": "Shipped", **changes}))


def changed(*fields: Any, without: str = "", **options: Any) -> type[Struct]:
    """The struct with fields replaced or added, and one left out."""
    before: dict[str, Any] = {
        "carrier": ("carrier", str),
        "weight": ("weight", Annotated[int, Meta(ge=1)]),
        "note": ("note", str | None, None),
        "speed": ("speed", Literal["fast", "slow"], "slow"),
        "lines": ("lines", tuple[line(), ...], ()),  # type: ignore[misc]
    }
    now = {**before, **{each[0]: each for each in fields}}
    now.pop(without, None)
    return struct(*now.values(), **{"forbid_unknown_fields": True, **options})


def told(now: StreamType, before: StreamType | None = None) -> list[str]:
    kept = schemas.document([before or shipped()])
    found = compatibility.compare(kept, schemas.document([now]), stream_types=[now])
    return [str(each) for each in found]


def test_it_tells_nothing_of_what_is_the_same() -> None:
    assert told(shipped(changed(name="Sent"))) == []


SAME = "parcel/Shipped/1"


@pytest.mark.parametrize(
    ("now", "change"),
    [
        (changed(("by", str, "")), f"additive: {SAME}: /by is new and optional"),
        (
            changed(("lines", tuple[line(("n", int, 1)), ...], ())),  # type: ignore[misc]
            f"additive: {SAME}: /lines/items/n is new and optional",
        ),
        (changed(("by", str)), f"breaking: {SAME}: /by is new and required"),
        (changed(without="note"), f"breaking: {SAME}: /note is gone"),
        (
            changed(("note", str | None)),
            f"breaking: {SAME}: /note became required",
        ),
        (
            changed(("carrier", str, "")),
            f"breaking: {SAME}: /carrier became optional",
        ),
        (
            changed(("carrier", int)),
            f"breaking: {SAME}: /carrier/type was 'string', is 'integer'",
        ),
        (
            changed(("weight", Annotated[int, Meta(ge=2)])),
            f"breaking: {SAME}: /weight/minimum was 1, is 2",
        ),
        (
            changed(("speed", Literal["fast", "slow"], "fast")),
            f"breaking: {SAME}: /speed/default was 'slow', is 'fast'",
        ),
        (
            changed(("speed", Literal["slow"], "slow")),
            f"breaking: {SAME}: /speed/enum was ['fast', 'slow'], is ['slow']",
        ),
        (
            changed(("note", int | None, None)),
            f"breaking: {SAME}: /note/anyOf/0/type was 'string', is 'integer'",
        ),
        (
            changed(("lines", tuple[line(("n", int)), ...], ())),  # type: ignore[misc]
            f"breaking: {SAME}: /lines/items/n is new and required",
        ),
        (
            changed(forbid_unknown_fields=False),
            f"breaking: {SAME}: /additionalProperties was False, is None",
        ),
    ],
)
def test_it_names_every_change(now: type[Struct], change: str) -> None:
    assert change in told(shipped(now))
    assert ("breaking" in change) == any(
        "breaking" in each for each in told(shipped(now))
    )


def test_it_lets_types_and_versions_be_new() -> None:
    from_1 = Upcaster(schema_version=1, upcast=dict, struct=SHIPPED)
    now = parcel(
        EventType(
            struct=struct(("carrier", str)),
            name="Shipped",
            schema_version=2,
            upcasters=[from_1],
        ),
        EventType(struct=struct(name="Lost"), name="Lost"),
    )
    assert told(now) == [
        "additive: parcel/Lost/1: is new",
        "additive: parcel/Shipped/2: is new",
    ]


def test_it_misses_a_version_whose_schema_was_let_go() -> None:
    now = shipped(
        struct(("carrier", str)),
        schema_version=2,
        upcasters=[Upcaster(schema_version=1, upcast=dict)],
    )
    assert told(now) == [
        f"breaking: {SAME}: has no schema any more: its events are stored",
        "additive: parcel/Shipped/2: is new",
    ]


def test_it_misses_a_type_unless_it_was_renamed() -> None:
    assert any("breaking" in each for each in told(shipped(name="Sent")))
    assert told(shipped(name="Sent", former_names=("Shipped",))) == []


def test_it_refuses_what_is_no_schema_of_events() -> None:
    for wrong in ({}, [], {"$defs": []}):
        with pytest.raises(ValueError, match=r"no \"\$defs\""):
            compatibility.compare(wrong, {}, stream_types=[])  # type: ignore[arg-type]


class Folder(Struct):
    within: "Folder | None" = None


def test_it_refuses_a_struct_that_contains_itself() -> None:
    with pytest.raises(ValueError, match="Folder contains itself"):
        schemas.of(Folder)


def test_it_tells_fields_from_words_of_the_schema() -> None:
    named = schemas.of(struct(("title", str), ("description", str)))
    assert set(named["properties"]) == {"title", "description"}
    assert "title" not in named
