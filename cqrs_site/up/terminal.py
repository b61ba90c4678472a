"""What `up` prints: lines with the name of the process before them."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

WIDTH = 10
# ANSI colours, in the order in which names first appear: cyan, green, yellow, …
COLOURS = (36, 32, 33, 35, 34, 96, 92, 93)
RED, BOLD = 31, 1


class Terminal:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._colours: dict[str, int] = {}
        self._coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def line(self, name: str, text: str) -> None:
        with self._lock:
            colour = self._colours.setdefault(
                name, COLOURS[len(self._colours) % len(COLOURS)]
            )
            self._write(f"{self._paint(f'{name:{WIDTH}} |', colour)} {text}\n")

    def trouble(self, text: str) -> None:
        with self._lock:
            self._write(self._paint(f"{'up':{WIDTH}} | {text}", RED) + "\n")

    def block(self, lines: list[str]) -> bool:
        """Whether the terminal took it."""
        with self._lock:
            return self._write("\n" + "\n".join(f"  {line}" for line in lines) + "\n\n")

    def bold(self, text: str) -> str:
        return self._paint(text, BOLD)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """One line when it is done, with the seconds it took."""
        began = time.monotonic()
        yield
        self.line("up", f"{what:44} {time.monotonic() - began:5.1f} s")

    def _paint(self, text: str, colour: int) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._coloured else text

    def _write(self, text: str) -> bool:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            return False  # it is closed; its SIGHUP stops us, or nohup is meant
        return True
