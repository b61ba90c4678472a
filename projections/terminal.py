"""How projections are shown on a terminal."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import IO, Any, cast

from django.utils import timezone
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from projections.status import Status

_COLOURS = {
    "running": "green",
    "catching_up": "cyan",
    "paused": "yellow",
    "stalled": "red",
    "faulted": "red",
}


def console(stream: object) -> Console:
    """A console on a command's output; wide where nobody's terminal bounds it."""
    file = cast(IO[str], stream)
    return Console(file=file, width=None if file.isatty() else 200)


def progress_console() -> Console:
    """What is drawn again in place goes there; wide where nobody's terminal bounds it.

    Not a command's own stderr: that ends every write with a line feed.
    """
    return Console(stderr=True, width=None if sys.stderr.isatty() else 200)


def print_table(console: Console, found: Sequence[Status]) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("projection", "state"):
        table.add_column(title, no_wrap=True)
    for title in ("position", "head", "lag", "lag s", "rate/s", "ETA", "held"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("rebuild", no_wrap=True)
    table.add_column("advanced", no_wrap=True)
    table.add_column("last error", overflow="fold")
    for each in found:
        table.add_row(
            each.name,
            f"[{_COLOURS[each.state]}]{each.state}[/]",
            f"{each.position:,}",
            f"{each.head:,}",
            f"{each.lag_events:,}",
            f"{each.lag_seconds:,.1f}",
            f"{each.rate:,.0f}",
            eta(each),
            str(each.dead_letters),
            _rebuild(each),
            ago(each.advanced_at),
            each.last_error,
        )
    console.print(table)


def _rebuild(found: Status) -> str:
    if found.rebuild_progress is None:
        return found.rebuild if found.rebuild != "none" else "-"
    return f"{found.rebuild} {found.rebuild_progress:.0%}"


def print_one(console: Console, found: Status) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in found.as_json().items():
        if name != "last_traceback" and value not in ("", None):
            table.add_row(name.replace("_", " "), escape(str(value)))
    console.print(table)
    if found.last_traceback:
        console.print(found.last_traceback, markup=False, highlight=False)


def print_differences(
    console: Console, compared: Mapping[str, Mapping[str, Any]]
) -> None:
    """Old against new rows of each table, and a sample of those that differ."""
    table = Table(box=None, pad_edge=False)
    table.add_column("table", no_wrap=True)
    for title in ("old rows", "new rows", "only old", "only new", "differing"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, found in compared.items():
        counts = ("old", "new", "only_old", "only_new", "differing")
        table.add_row(name, *(f"{found[each]:,}" for each in counts))
    console.print(table)
    for name, found in compared.items():
        for row in found.get("sample", ()):
            console.print(f"{name} {row['key']}", style="bold", highlight=False)
            for column, (old, new) in row["columns"].items():
                console.print(
                    f"  {column}: {old} -> {new}", markup=False, highlight=False
                )


def eta(found: Status) -> str:
    """Until the lag is gone, as h:mm:ss; \"-\" without lag, \"?\" while unknown."""
    if not found.lag_events:
        return "-"
    if found.eta_seconds is None:
        return "?"
    return str(timedelta(seconds=round(found.eta_seconds)))


def ago(at: datetime | None) -> str:
    """A moment as "12 s ago"; "never" for None."""
    if at is None:
        return "never"
    seconds = max((timezone.now() - at).total_seconds(), 0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"
