"""A small log with a hole in it, in seals of three events each."""

from django.db import transaction

from eventstore import store
from eventstore.seals import sealing
from tests.integration.eventstore.notes import note

HOLE = 5
# Positions 1 to 9 but for the hole, and one event that is not sealed.
RANGES = [(1, 3), (4, 7), (8, 9)]
UNSEALED = 10


def make() -> None:
    for number in range(1, 10):
        if number == HOLE:
            _roll_back(number)
        else:
            append(number)
    assert sealing.seal_settled(events=3) == 8
    append(UNSEALED)


def append(number: int) -> None:
    store.append(f"order-{number}", [note(f"note {number}")], expected_version=0)


class _TakenBack(Exception):
    pass


def _roll_back(number: int) -> None:
    try:
        with transaction.atomic():
            append(number)
            raise _TakenBack
    except _TakenBack:
        pass
