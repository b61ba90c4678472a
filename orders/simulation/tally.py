"""What a simulation did."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts by the command's name, and of refusals by code.

    behind_s: by how many seconds the commands took longer than the rate allows.
    """

    commands: Counter[str] = field(default_factory=Counter)
    rejections: Counter[str] = field(default_factory=Counter)
    conflicts: int = 0
    placed: int = 0
    finished: int = 0
    seconds: float = 0.0
    behind_s: float = 0.0

    @property
    def given(self) -> int:
        return self.commands.total()

    @property
    def rate(self) -> float:
        """Commands per second."""
        return self.given / self.seconds if self.seconds else 0.0
