"""Which code a stored state belongs to."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec import Struct

from eventstore import states
from eventstore.streams import EventType
from eventstore.upcasting import Upcaster
from orders.streams import ORDER
from tests.loyalty import domain
from tests.unit.orders.builders import place


class Account(Struct):
    owner: str
    points: int = 0


class WithLevel(Struct):
    owner: str
    points: int = 0
    level: str = "basic"


class WithOtherDefault(Struct):
    owner: str
    points: int = 10


class WithOtherKind(Struct):
    owner: str
    points: float = 0


UPCASTER = Upcaster(schema_version=1, upcast=dict, struct=domain.AccountOpened)
OPENED = EventType(struct=domain.AccountOpened, name="AccountOpened")
ACCOUNT = replace(ORDER, events=[OPENED], state=Account)


def named_alike(struct: type) -> type:
    """The same struct as `Account` but for its fields."""
    return msgspec.defstruct(
        "Account",
        [
            (each.name, each.type)
            if each.default is msgspec.NODEFAULT
            else (each.name, each.type, each.default)
            for each in msgspec.structs.fields(struct)
        ],
    )


@pytest.mark.parametrize("struct", [WithLevel, WithOtherDefault, WithOtherKind])
def test_it_notices_every_change_of_the_struct(struct):
    same = replace(ACCOUNT, state=named_alike(Account))
    assert states.fingerprint(same) == states.fingerprint(ACCOUNT)
    changed = replace(ACCOUNT, state=named_alike(struct))
    assert states.fingerprint(changed) != states.fingerprint(ACCOUNT)


@pytest.mark.parametrize(
    "changes",
    [
        {"state_version": 2},
        {"events": [replace(OPENED, schema_version=2, upcasters=[UPCASTER])]},
        {"events": [replace(OPENED, name="Opened")]},
        {"events": [replace(OPENED, struct=named_alike(WithLevel))]},
    ],
)
def test_it_notices_a_raised_number_and_changed_events(changes):
    changed = replace(ACCOUNT, **changes)
    assert states.fingerprint(changed) != states.fingerprint(ACCOUNT)


def test_it_is_read_as_it_was_written():
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    decided = ORDER.decide(None, place(), at=at)
    order = ORDER.fold(None, [(each, at) for each in decided])
    assert states.decode(states.encode(order), ORDER) == order


@pytest.mark.parametrize("stored", [b"", b"\xff", b"{}", b"[]", b'{"version": "1"}'])
def test_it_refuses_what_is_no_state(stored):
    with pytest.raises(states.UnreadableState):
        states.decode(stored, ORDER)
