"""What a seal states, that it is signed, and that it follows the one before."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from eventstore.models import Seal
from eventstore.seals import marks, signing

ALGORITHM = 1
BATCH = 50  # seals a read, with the marks of 50,000 events: 2 MB

Kind = Literal[
    "seal missing",
    "seal edited",
    "signature wrong",
    "key unknown",
    "chain broken",
    "seal replaced",
]


@dataclass(frozen=True, slots=True)
class Link:
    """What the next seal has to follow."""

    number: int = 0
    last_position: int = 0
    digest: bytes = b""

    @property
    def after(self) -> int:
        """Where the next seal's events begin: no event may stand before the first."""
        return self.last_position if self.number else marks.FIRST


def link(seal: Seal) -> Link:
    return Link(seal.number, seal.last_position, bytes(seal.digest))


def before(seal: Seal) -> Link:
    """What a seal says it follows, where that one is not at hand."""
    return Link(seal.number - 1, seal.first_position - 1, bytes(seal.previous))


def digest(seal: Seal) -> bytes:
    """SHA-256 of all that the seal states; 32 bytes."""
    return hashlib.sha256(statement(seal).encode()).digest()


def statement(seal: Seal) -> str:
    """The text whose hash is signed; the one before is part of it."""
    facts = [
        f"seal of events, algorithm {seal.algorithm}",
        str(seal.number),
        str(seal.log_id),
        str(seal.epoch),
        str(seal.first_position),
        str(seal.last_position),
        str(seal.events),
        marks.seconds(seal.sealed_at),
        bytes(seal.previous).hex(),
        hashlib.sha256(bytes(seal.marks)).hexdigest(),
        bytes(seal.public_key).hex(),
    ]
    return "\n".join(facts)


def fault(
    seal: Seal, *, follows: Link, log_id: UUID, keys: frozenset[bytes]
) -> tuple[Kind, str] | None:
    """What is wrong with the seal itself, for people; None for a right one."""
    number, expected = seal.number, follows.number + 1
    if number != expected:
        return "seal missing", f"seal {expected} is missing: the next one is {number}"
    if seal.algorithm != ALGORITHM:
        return "seal edited", f"seal {number} is of algorithm {seal.algorithm}"
    own = digest(seal)
    if own != bytes(seal.digest):
        return "seal edited", f"seal {number} was edited: its digest is another"
    if unsigned := _unsigned(seal, own, keys):
        return unsigned
    if (bytes(seal.previous), seal.first_position, seal.log_id) != (
        follows.digest,
        follows.last_position + 1,
        log_id,
    ):
        return "chain broken", f"seal {number} does not follow seal {follows.number}"
    return None


def _unsigned(
    seal: Seal, own: bytes, keys: frozenset[bytes]
) -> tuple[Kind, str] | None:
    public_key = bytes(seal.public_key)
    if not signing.is_right(
        own, signature=bytes(seal.signature), public_key=public_key
    ):
        return "signature wrong", f"seal {seal.number} has a wrong signature"
    if public_key in keys:
        return None
    return (
        "key unknown",
        f"seal {seal.number} is signed by {signing.written(public_key)}, which is "
        "neither that of SEAL_KEY nor in SEAL_PUBLIC_KEYS",
    )


def last(*, using: str = "default") -> Seal | None:
    return Seal.objects.using(using).order_by("number").last()


def newest_before(position: int, *, using: str = "default") -> Seal | None:
    """The newest seal that ends before a position."""
    seals = Seal.objects.using(using).filter(last_position__lt=position)
    return seals.order_by("number").last()


def after(number: int, *, using: str = "default") -> Iterator[Seal]:
    """The seals after one, in order, read in batches."""
    while batch := list(
        Seal.objects.using(using).filter(number__gt=number).order_by("number")[:BATCH]
    ):
        yield from batch
        number = batch[-1].number
