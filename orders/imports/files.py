"""Opens source files, plain or compressed with xz, and says what is wrong with them."""

import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from orders.imports import errors

_XZ = b"\xfd7zXZ\x00"


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The content, decompressed. Raises UnreadableFile, also while it is read."""
    try:
        with _open(path) as content:
            yield content
    except OSError as error:
        raise errors.UnreadableFile(f"{path}: {error.strerror or error}") from error
    except (lzma.LZMAError, EOFError) as error:
        raise errors.UnreadableFile(
            f"{path}: the xz compression is damaged or incomplete"
        ) from error


def _open(path: Path) -> IO[bytes]:
    # Both formats are read twice or as a whole, which a pipe does not allow.
    if path.exists() and not path.is_file():
        raise errors.UnreadableFile(f"{path}: is no regular file")
    with path.open("rb") as start:
        is_compressed = start.read(len(_XZ)) == _XZ
    return lzma.open(path, "rb") if is_compressed else path.open("rb")
