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
    """Raises BrokenFile for a file without a right header, NoSealKey, OSError."""
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
        self._keys = signing.trusted()
        self.header = self._header()
        self._pending = _Pending(self.header.after, first_line=2)
        # The seal before the first one is only known where that is the log's first.
        self._link = None if self.header.after else chain.Link()

    def chunks(self) -> Iterator[Chunk]:
        """All events, checked against their seals; at the end the file was whole.

        To be read once. Raises BrokenFile, which names the line.
        """
        for number, text in self._lines:
            line = self._decoded(text, number)
            if isinstance(line, Trailer):
                self._end(line, number)
                yield self._pending.chunk()
                return
            yield from self._chunks_at(line, number)
            self._hash.update(text)
        at = self._pending.first_line + len(self._pending.events)
        raise self._broken(at, "the file ends here, without its trailer")

    def _chunks_at(self, line: lines.Line, number: int) -> Iterator[Chunk]:
        """What a line makes complete."""
        match line:
            case Event():
                self._take(line, number)
                if len(self._pending.events) == LONGEST:
                    yield self._pending.chunk()
            case Sealed():
                self._seals += 1
                yield from self._sealed(line.seal(), number)
            case Key():
                if self._events:
                    raise self._broken(number, "a key behind events")
                self._pending.first_line = number + 1
                yield Chunk(events=[], marks=b"", first_line=number, key=line)
            case _:
                raise self._broken(number, "a second header")

    def _sealed(self, seal: Seal, number: int) -> Iterator[Chunk]:
        if self._pending.begins_before(seal.first_position):
            yield self._pending.chunk(below=seal.first_position)
        chunk = self._pending.chunk(seal=seal)
        self._check(chunk, seal, line=number)
        self._link = chain.link(seal)
        self._pending.first_line = number + 1
        yield chunk

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

    def _take(self, event: Event, number: int) -> None:
        before = self._pending.position
        if event.position <= before:
            fault = f"position {event.position} follows position {before}"
            raise self._broken(number, fault)
        if event.position > self.header.up_to:
            fault = f"position {event.position} is beyond {self.header.up_to}"
            raise self._broken(number, fault)
        self._events += 1
        self._pending.add(event)

    def _check(self, chunk: Chunk, seal: Seal, *, line: int) -> None:
        if wrong := chain.fault(
            seal,
            follows=self._link or chain.before(seal),
            log_id=self.header.log_id,
            keys=self._keys,
        ):
            raise self._broken(line, wrong[1])
        if change := marks.first_change(bytes(seal.marks), chunk.marks):
            position, how = change
            fault = f"the event at position {position} was {how}"
            raise self._broken(chunk.line_of(position), fault)

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

    def begins_before(self, position: int) -> bool:
        return bool(self.events) and self.events[0].position < position

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
