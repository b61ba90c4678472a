"""Reads object-centric event logs (OCEL 2.0, JSON) as far as orders need them."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from orders.domain import money
from orders.imports import errors, files


class Relationship(Struct, frozen=True):
    objectId: str
    qualifier: str


class Event(Struct, frozen=True):
    id: str
    type: str
    time: Annotated[datetime, Meta(tz=True)]
    relationships: tuple[Relationship, ...] = ()


class Attribute(Struct, frozen=True):
    """`value` stays JSON text: as a float a price would lose its digits."""

    name: str
    value: msgspec.Raw


class Object(Struct, frozen=True):
    id: str
    type: str
    attributes: tuple[Attribute, ...] = ()
    relationships: tuple[Relationship, ...] = ()


class Log(Struct, frozen=True):
    """Of other members of the file nothing is kept."""

    events: tuple[Event, ...]
    objects: tuple[Object, ...]


def load(path: Path) -> Log:
    """The whole log, in some 5 bytes of memory a byte. Raises UnreadableFile."""
    with files.opened(path) as content:
        text = content.read()
    try:
        return msgspec.json.decode(text, type=Log)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise errors.UnreadableFile(
            f"{path}: is no OCEL 2.0 log in JSON: {error}"
        ) from error


class Objects:
    """The objects of a log by their ids."""

    def __init__(self, log: Log) -> None:
        self._by_id = {each.id: each for each in log.objects}

    def related(self, to: Event | str, *, type: str) -> list[str]:
        """Ids of the objects of a type that an event or object names, each once."""
        relationships = (
            self._by_id[to].relationships if isinstance(to, str) else to.relationships
        )
        ids = dict.fromkeys(each.objectId for each in relationships)
        return [id for id in ids if id in self._by_id and self._by_id[id].type == type]

    def price(self, of: str) -> Decimal | None:
        """The first price of an object; None where there is none that is an amount."""
        for each in self._by_id[of].attributes:
            if each.name == "price":
                return _amount(each.value)
        return None


def _amount(value: msgspec.Raw) -> Decimal | None:
    try:
        price = msgspec.json.decode(value, type=Decimal)
    except msgspec.DecodeError:
        return None
    if not money.fits(price) or price < 0:
        return None
    return money.normalise(price)
