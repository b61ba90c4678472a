"""The rejects file: every source record that is not imported, with its reason."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from orders.imports import errors
from orders.imports.history import Reject

HEADER = ("line", "reason", "raw", "detail")


class Rejects:
    """Writes rejects as they come and counts them by reason."""

    def __init__(self, file: IO[str]) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(HEADER)
        self.by_reason: Counter[str] = Counter()

    def add(self, rejects: Iterable[Reject]) -> None:
        for each in rejects:
            self._writer.writerow((each.number, each.reason, each.raw, each.detail))
            self.by_reason[each.reason] += 1


@contextmanager
def writing(path: Path) -> Iterator[Rejects]:
    """Begins the file anew, and leaves none behind that would hold no reject.

    Raises ImportStopped where it cannot be written, before anything is imported.
    """
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise errors.ImportStopped(
            f"{path}: the rejects cannot be written: {error.strerror}"
        ) from error
    rejects = Rejects(file)
    try:
        with file:
            yield rejects
    finally:
        # Never a device or a link to one, such as /dev/stdout.
        if not rejects.by_reason and path.is_file() and not path.is_symlink():
            path.unlink()
