"""Reads a file of events back, and trusts none of its lines."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec
import zstandard

from eventstore import errors
from eventstore.files import lines
from eventstore.files.lines import Event, Header, Key, Sealed, Trailer
from eventstore.models import Seal
from eventstore.seals import chain, marks, signing

# Events in memory at once; no seal covers more.
LONGEST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Events that stand on consecutive lines, and the seal over them, if there is one.

    marks: of the events, from their lines. Or a key, with no events.
    """

    events: list[Event]
    marks: bytes
    first_line: int
    seal: Seal | None = None
    key: Key | None = None

    def line_of(self, position: int) -> int:
        """Of the event at a position; for one that is missing, where it would be."""
        before = sum(each.position < position for each in self.events)
        return self.first_line + before


@contextmanager
def opened(path: Path) -> Iterator["EventFile"]:
    """Raises BrokenFile for a file without a right header, OSError."""
    with path.open("rb") as file:
        yield EventFile(path, _decompressed(file, path))


def _decompressed(file: IO[bytes], path: Path) -> IO[bytes]:
    if path.suffix != ".zst":
        return file
    stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return io.BufferedReader(stream)


class EventFile:
    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        self._lines = self._numbered(file)
        self._decoder: msgspec.json.Decoder[lines.Line] = msgspec.json.Decoder(
            lines.Line
        )
        self._hash = hashlib.sha256()
        self._events = self._seals = 0
        self.header = self._header()

    def chunks(self) -> Iterator[Chunk]:
        """All events, checked against their seals; at the end the file was whole.

        Raises BrokenFile, which names the line, and NoSealKey.
        """
        pending = _Pending(self.header.after, first_line=2)
        link = None if self.header.after else chain.Link()
        keys = signing.trusted()
        for number, text in self._lines:
            match self._decoded(text, number):
                case Event() as event:
                    self._events += 1
                    self._take(pending, event, number)
                    if len(pending.events) == LONGEST:
                        yield pending.chunk()
                case Key() as key:
                    if pending.events or self._events:
                        raise self._broken(number, "a key behind events")
                    pending.first_line = number + 1
                    yield Chunk(events=[], marks=b"", first_line=number, key=key)
                case Sealed() as line:
                    self._seals += 1
                    seal = line.seal()
                    if len(pending.events) > seal.events:
                        yield pending.chunk(below=seal.first_position)
                    chunk = pending.chunk(seal=seal)
                    self._check(
                        chunk, seal, link or chain.before(seal), keys, line=number
                    )
                    link = chain.link(seal)
                    pending.first_line = number + 1
                    yield chunk
                case Trailer() as trailer:
                    self._end(trailer, number)
                    yield pending.chunk()
                    return
                case Header():
                    raise self._broken(number, "a second header")
            self._hash.update(text)
        at = pending.first_line + len(pending.events)
        raise self._broken(at, "the file ends here, without its trailer")

    def _header(self) -> Header:
        number, text = next(self._lines, (1, b""))
        header = self._decoded(text, number)
        if not isinstance(header, Header):
            raise self._broken(number, "it does not begin with a header")
        if header.format != lines.FORMAT:
            raise self._broken(number, f"format {header.format} is unknown here")
        if header.readable:
            raise self._broken(number, "made with --readable, to be read by people")
        self._hash.update(text)
        return header

    def _take(self, pending: "_Pending", event: Event, number: int) -> None:
        if event.position <= pending.position:
            fault = f"position {event.position} follows position {pending.position}"
            raise self._broken(number, fault)
        if event.position > self.header.up_to:
            fault = f"position {event.position} is beyond {self.header.up_to}"
            raise self._broken(number, fault)
        pending.add(event)

    def _check(
        self,
        chunk: Chunk,
        seal: Seal,
        follows: chain.Link,
        keys: frozenset[bytes],
        *,
        line: int,
    ) -> None:
        log_id = self.header.log_id
        if fault := chain.fault(seal, follows=follows, log_id=log_id, keys=keys):
            raise self._broken(line, fault[1])
        if change := marks.first_change(bytes(seal.marks), chunk.marks):
            position, how = change
            fault_of_event = f"the event at position {position} was {how}"
            raise self._broken(chunk.line_of(position), fault_of_event)

    def _end(self, trailer: Trailer, number: int) -> None:
        counted = (self._events, self._seals)
        if counted != (trailer.events, trailer.seals):
            fault = (
                f"the file had {trailer.events} events and {trailer.seals} seals, "
                f"now it has {counted[0]} and {counted[1]}"
            )
            raise self._broken(number, fault)
        if self._hash.hexdigest() != trailer.sha256:
            raise self._broken(number, "lines of the file that no seal covers changed")
        if next(self._lines, None):
            raise self._broken(number + 1, "something follows the trailer")

    def _decoded(self, text: bytes, number: int) -> lines.Line:
        try:
            return self._decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._broken(number, str(error)) from error

    def _numbered(self, file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
        number = 0
        try:
            for number, text in enumerate(file, start=1):
                yield number, text
        except zstandard.ZstdError as error:
            raise self._broken(number + 1, f"not decompressed: {error}") from error

    def _broken(self, line: int, fault: str) -> errors.BrokenFile:
        return errors.BrokenFile(path=self.path, line=line, fault=fault)


class _Pending:
    """Events that were read and not given away yet."""

    def __init__(self, position: int, *, first_line: int) -> None:
        self.events: list[Event] = []
        self.position = position
        self.first_line = first_line
        self._marks: list[bytes] = []

    def add(self, event: Event) -> None:
        self.events.append(event)
        self._marks.append(event.mark())
        self.position = event.position

    def chunk(self, *, below: int | None = None, seal: Seal | None = None) -> Chunk:
        """Takes them out: all, or those below a position."""
        count = len(self.events)
        if below is not None:
            count = sum(each.position < below for each in self.events)
        chunk = Chunk(
            events=self.events[:count],
            marks=b"".join(self._marks[:count]),
            first_line=self.first_line,
            seal=seal,
        )
        del self.events[:count], self._marks[:count]
        self.first_line += count
        return chunk
