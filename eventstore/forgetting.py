"""Forgets a person: deletes the key, and appends an event that says so, at once.

What has to follow (read tables, copies) is the domain's to do after that event; it
registers its way in here, for `event_store forget`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from eventstore import commands, errors, person_keys
from eventstore.commands import Context, Outcome
from eventstore.streams import StreamType

# Takes a person's id, the reason and what to tell lines of progress to.
Forget = Callable[[str, str, Callable[[str], object]], None]

_door: Forget | None = None


def register(door: Forget) -> None:
    """Makes `door` what `event_store forget` calls."""
    global _door
    _door = door


def door() -> Forget:
    """Raises CannotForget."""
    if _door is None:
        raise errors.CannotForget("no installed app has persons that can be forgotten")
    return _door


def delete_key(
    stream_type: StreamType, id: object, command: Any, *, at: datetime, context: Context
) -> Outcome:
    """Deletes the key of the person that the stream stands for, and handles a command.

    Both or neither, when this returns. Appends of the person that are open are waited
    for; what is appended afterwards is under another key.
    """
    with transaction.atomic():
        person_keys.delete(stream_type.stream(id))
        return commands.handle(stream_type, id, command, at=at, context=context)
