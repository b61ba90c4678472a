"""What the panel of a projection's rebuild shows: how far it is, and what it found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projections import differences
from projections.models import Checkpoint, Operation
from projections.rebuilding import progress

State = Operation.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """of: rows that are not the same. not_compared: why nobody knows; "" if known.

    tables: name -> as differences.between tells.
    """

    of: int = 0
    position: int | None = None
    tables: Mapping[str, Mapping[str, Any]]
    not_compared: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """operation: the newest rebuild or roll back, None if there never was one.

    percent: 0 to 100. eta_seconds: None where unknown. kept: the first partition of the
    tables that a roll back would bring back.
    """

    operation: Operation | None
    is_under_way: bool
    is_ready: bool
    percent: float
    eta_seconds: float | None
    differences: Differences | None
    kept: Checkpoint | None


def panel(newest: Operation | None, kept: Sequence[Checkpoint]) -> Panel:
    under_way = newest is not None and not newest.finished_at
    return Panel(
        operation=newest,
        is_under_way=under_way,
        is_ready=newest is not None and newest.state == State.READY,
        percent=round(progress.ratio(newest) * 100, 1) if newest else 0,
        eta_seconds=progress.eta_seconds(newest) if newest else None,
        differences=compared(newest) if newest else None,
        kept=kept[0] if kept else None,
    )


def compared(operation: Operation) -> Differences | None:
    """What a rebuild found between its tables and the live ones; None before that."""
    found = operation.result.get("comparison")
    if found is None:
        return None
    of_tables = found.get("tables", {})
    return Differences(
        of=differences.total(of_tables),
        position=found.get("position"),
        tables=of_tables,
        not_compared=found.get("not_compared", ""),
    )
