"""Writes a file of events: under its name it is whole, or it is not there."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec
import zstandard

from eventstore.files.lines import Event, Sealed, Trailer

MODE = 0o600  # what customers did is nobody else's business


class Writer:
    def __init__(self, file: IO[bytes]) -> None:
        self.events = self.seals = 0
        self._file = file
        self._hash = hashlib.sha256()

    def write(self, line: Any) -> None:
        """A line of lines.py, or an envelope, which counts as an event."""
        self.events += isinstance(line, Event | dict)
        self.seals += isinstance(line, Sealed)
        text = msgspec.json.encode(line) + b"\n"
        self._hash.update(text)
        self._file.write(text)

    def end(self) -> None:
        digest = self._hash.hexdigest()
        self.write(Trailer(events=self.events, seals=self.seals, sha256=digest))


@contextmanager
def opened(path: Path) -> Iterator[Writer]:
    """At the end the trailer is written and the file gets its name, else it goes.

    Raises FileExistsError rather than write over a file, OSError.
    """
    if path.exists():
        raise FileExistsError(17, "there is a file of this name", str(path))
    partial = path.with_name(f"{path.name}.partial")
    try:
        with os.fdopen(
            os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE), "wb"
        ) as file:
            with _compressed(file, path) as stream:
                writer = Writer(stream)
                yield writer
                writer.end()
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def _compressed(file: IO[bytes], path: Path) -> Iterator[IO[bytes]]:
    if path.suffix != ".zst":
        yield file
        return
    compressor = zstandard.ZstdCompressor(write_checksum=True)
    with compressor.stream_writer(file, closefd=False) as stream:
        yield stream
