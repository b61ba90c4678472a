"""Old sealed ranges into files that were checked. Nothing is deleted."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eventstore import errors, log, store
from eventstore.files import exporting, reading
from eventstore.models import Seal

NAME = "events-{:015}-{:015}.ndjson.zst"
NAMED = re.compile(r"events-(\d{15})-(\d{15})\.ndjson\.zst")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """What a call wrote and checked; path None: there was nothing new.

    up_to: position up to which the folder has the log.
    """

    path: Path | None
    events: int
    seals: int
    up_to: int


def archive(
    folder: Path,
    *,
    before: datetime,
    tell: Callable[[int], object] = lambda position: None,
    using: str = "default",
) -> Archived:
    """Writes the sealed ranges whose events were all recorded before a time.

    It goes on behind what the folder has already. The file is read again and compared
    with the seals before it gets its name. tell: is called with the position written.
    Raises BrokenFile for a folder with a hole or of another log, and for events that
    are not as they were sealed; NoSealKey, OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = _archived(folder, using)
    last = _newest_seal(store.position_before(before, using=using), using)
    if last is None or last.last_position <= done:
        return Archived(path=None, events=0, seals=0, up_to=done)
    up_to = last.last_position
    path = folder / NAME.format(done + 1, up_to)
    unchecked = path.with_name(f"unchecked-{path.name}")
    unchecked.unlink(missing_ok=True)  # of a run that was killed
    found = exporting.export(
        unchecked, start=done + 1, up_to=up_to, tell=tell, using=using
    )
    try:
        _check(unchecked, using)
    except BaseException:
        unchecked.unlink()
        raise
    unchecked.rename(path)
    return Archived(path=path, events=found.events, seals=found.seals, up_to=up_to)


def _newest_seal(up_to: int, using: str) -> Seal | None:
    seals = Seal.objects.using(using).filter(last_position__lte=up_to)
    return seals.order_by("number").last()


def _archived(folder: Path, using: str) -> int:
    """Up to which position the folder's files follow one another from the first on."""
    done = 0
    named = [NAMED.fullmatch(path.name) for path in sorted(folder.iterdir())]
    for match in filter(None, named):
        first, last = int(match[1]), int(match[2])
        path = folder / match[0]
        if first != done + 1:
            fault = (
                f"the file before it is missing: positions {done + 1} to {first - 1}"
            )
            raise errors.BrokenFile(path=path, line=1, fault=fault)
        with reading.opened(path) as file:
            if str(file.header.log_id) != log.identity(using=using).log_id:
                raise errors.BrokenFile(path=path, line=1, fault="it is of another log")
        done = last
    return done


def _check(path: Path, using: str) -> None:
    with reading.opened(path) as file:
        for chunk in file.chunks():
            if chunk.seal is None:
                if chunk.events:
                    line, fault = chunk.first_line, "an event without a seal"
                    raise errors.BrokenFile(path=path, line=line, fault=fault)
                continue
            kept = Seal.objects.using(using).get(number=chunk.seal.number)
            if bytes(kept.digest) != chunk.seal.digest:
                line, fault = chunk.first_line, f"another seal {kept.number}"
                raise errors.BrokenFile(path=path, line=line, fault=fault)
