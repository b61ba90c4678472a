import os
import time
from uuid import UUID, uuid5

# Namespace of event ids that follow from a caller's command id; never changes.
COMMAND_NAMESPACE = UUID("6f0a1c5e-5d0e-5b0c-9c55-0c9a4d1b7f3e")


def uuid7() -> UUID:
    """A time-ordered UUID: 48 bits of milliseconds, 74 random bits (RFC 9562, 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def event_id_of(*, stream: str, command_id: str, index: int) -> UUID:
    """The id of a command's index-th event: the same however often it is handled.

    The unique index on event ids so refuses a command that a stream already has,
    for ever and without a table of its own.
    """
    return uuid5(COMMAND_NAMESPACE, f"{stream}\n{command_id}\n{index}")
