"""Digests of seals in a file outside the database: one JSON object a line, in order.

Who has the database and SEAL_KEY can change events and seal everything anew. Such a log
is without a fault, but it is not the one whose digests somebody wrote down before.
"""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import msgspec

from eventstore import errors
from eventstore.models import Seal
from eventstore.seals import chain


class Anchor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A seal as it was when the line was written; digest: 64 hexadecimal digits."""

    log_id: UUID
    number: int
    epoch: int
    first_position: int
    last_position: int
    digest: str


def read(path: Path) -> Iterator[Anchor]:
    """The anchors of a file. Raises BrokenFile, OSError."""
    decoder = msgspec.json.Decoder(Anchor)
    number = 0
    with path.open("rb") as lines:
        for at, line in enumerate(lines, start=1):
            try:
                anchor = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise errors.BrokenFile(path=path, line=at, fault=str(error)) from error
            if anchor.number <= number:
                fault = f"seal {anchor.number} does not come after seal {number}"
                raise errors.BrokenFile(path=path, line=at, fault=fault)
            number = anchor.number
            yield anchor


def extend(path: Path, *, using: str = "default") -> int:
    """Appends the seals that the file does not have yet; how many. Makes the file.

    It is never rewritten, and may be one that can only be appended to. Raises
    BrokenFile when its last line is not what the log has: that digest stands for all
    before it.
    """
    path.touch(exist_ok=True)
    known = 0
    for line, anchor in deque(enumerate(read(path), start=1), maxlen=1):
        known = anchor.number
        seal = Seal.objects.using(using).filter(number=known).first()
        if fault := difference(anchor, seal):
            raise errors.BrokenFile(path=path, line=line, fault=fault)
    return _append(path, chain.after(known, using=using))


def _append(path: Path, seals: Iterator[Seal]) -> int:
    count = 0
    with path.open("ab") as file:
        for seal in seals:
            file.write(msgspec.json.encode(_of(seal)) + b"\n")
            count += 1
    return count


def _of(seal: Seal) -> Anchor:
    return Anchor(
        log_id=seal.log_id,
        number=seal.number,
        epoch=seal.epoch,
        first_position=seal.first_position,
        last_position=seal.last_position,
        digest=bytes(seal.digest).hex(),
    )


def difference(anchor: Anchor, seal: Seal | None) -> str:
    """In which way the log does not have the anchor's seal; "" when it has it."""
    positions = f"positions {anchor.first_position} to {anchor.last_position}"
    if seal is None:
        return f"the log has lost seal {anchor.number} ({positions})"
    if _of(seal) == anchor:
        return ""
    found = f"seal {anchor.number} ({positions}) was made anew"
    if seal.epoch > anchor.epoch:
        found += f": since epoch {seal.epoch} the log goes on differently (a restore?)"
    return found
