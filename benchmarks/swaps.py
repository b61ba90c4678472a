"""Rebuilds of what clients read, while they read it."""

import json
import time
from collections.abc import Callable, Sequence

PATIENCE_S = 300  # a rebuild beside a simulation takes some seconds


class Swaps:
    """Rebuilds begun after so many rounds, each of which ends in a swap.

    manage: runs `manage.py` with these arguments and returns what it printed.
    """

    def __init__(
        self, names: Sequence[str], *, manage: Callable[..., str], after: int
    ) -> None:
        self._names = names
        self._manage = manage
        self._after = after
        self._begun_at: float | None = None

    def begin(self, rounds: int) -> None:
        """To be called again and again with the rounds so far."""
        if self._begun_at is not None or rounds < self._after:
            return
        self._begun_at = time.monotonic()
        for name in self._names:
            self._manage("projection", "rebuild", name, "--no-wait")

    def are_over(self) -> bool:
        """Raises TimeoutError when they take too long."""
        if self._begun_at is None:
            return False
        if self.count() == len(self._names):
            return True
        if time.monotonic() > self._begun_at + PATIENCE_S:
            raise TimeoutError(f"{self.count()} swaps within {PATIENCE_S} s")
        return False

    def count(self) -> int:
        """Those that went live."""
        found = json.loads(self._manage("projection", "list", "--json"))
        generations = {each["name"]: each["generation"] for each in found}
        return sum(generations[name] > 1 for name in self._names)
