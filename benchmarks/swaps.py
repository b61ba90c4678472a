"""Rebuilds of what clients read, while they read it."""

import json
from collections.abc import Callable, Sequence


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
        self._begun = False

    def begin(self, rounds: int) -> None:
        """To be called again and again with the rounds so far."""
        if self._begun or rounds < self._after:
            return
        self._begun = True
        for name in self._names:
            self._manage("projection", "rebuild", name, "--no-wait")

    def are_over(self) -> bool:
        return self._begun and self.count() == len(self._names)

    def count(self) -> int:
        """Those that went live."""
        found = json.loads(self._manage("projection", "list", "--json"))
        generations = {each["name"]: each["generation"] for each in found}
        return sum(generations[name] > 1 for name in self._names)
