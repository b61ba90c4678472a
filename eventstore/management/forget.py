"""`event_store forget`: asks whether it is meant, and goes by the domain's door."""

import sys
from collections.abc import Callable

from django.core.management.base import CommandError

from eventstore import forgetting


def run(
    person: str, *, reason: str, confirmed: bool, write: Callable[[str], object]
) -> None:
    """confirmed: do not ask. Raises CommandError, CannotForget."""
    door = forgetting.door()
    if not confirmed and not _is_meant(person):
        raise CommandError("nothing was done: confirm on a terminal, or give --yes")
    door(person, reason, write)


def _is_meant(person: str) -> bool:
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(
        f"All personal data of {person} will be unreadable for ever. "
        "Type the id again to go on: "
    )
    sys.stderr.flush()
    return sys.stdin.readline().strip() == person
