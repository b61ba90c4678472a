"""What a part of the system is found to be, and how good that is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal["good", "careful", "bad"]
# From the worst to the best.
ORDER: tuple[State, ...] = ("bad", "careful", "good")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """name: of a few words; value: a number in `unit`, a text or a moment.

    sentence: what it means and what to do; "" where the value says all.
    """

    name: str
    value: int | float | str | datetime
    unit: str = ""
    state: State = "good"
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """key: stable, such as "redis"; an away server has one finding, which says so."""

    key: str
    title: str
    findings: list[Finding]

    @property
    def state(self) -> State:
        return worst(each.state for each in self.findings)


def worst(states: Iterable[State]) -> State:
    """Good for none."""
    return min(states, key=ORDER.index, default="good")


def away(name: str, fault: str) -> list[Finding]:
    """The one finding of what does not answer."""
    said = " ".join(fault.split())
    return [Finding(name=name, value="away", state="bad", sentence=said)]
