"""An operation as its caller on a terminal sees it: a bar, a rate, what it waits for.

The workers do the work; whoever watches may go, and it goes on.
"""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from projections import operations
from projections.models import Operation
from projections.rebuilding import progress

# Between looks. Seconds.
LOOK_S = 0.3
# Without a change for so long somebody should look whether a worker runs. Seconds.
QUIET_S = 20

COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    TextColumn("{task.percentage:>3.0f} %  {task.fields[rate]}  {task.fields[note]}"),
)


def until_it_ends(operation: Operation, console: Console) -> Operation:
    """Shows its progress until it is ready for review or has ended."""
    with Progress(*COLUMNS, console=console) as bars:
        bar = bars.add_task(operation.projection, total=1, rate="", note="")
        while not _rests(operation := operations.get(operation.pk)):
            bars.update(
                bar,
                description=f"{operation.projection} {operation.state}",
                completed=progress.ratio(operation),
                rate=_rate(operation),
                note=operation.note or _quiet(operation),
            )
            time.sleep(LOOK_S)
        if operation.state in {Operation.State.READY, Operation.State.FINISHED}:
            bars.update(bar, completed=1, note="")
    return operation


def _rests(operation: Operation) -> bool:
    return bool(operation.finished_at) or operation.state == Operation.State.READY


def _rate(operation: Operation) -> str:
    left = progress.eta_seconds(operation)
    eta = f", {left:,.0f} s left" if left is not None else ""
    return f"{operation.rate:,.0f} positions/s{eta}" if operation.rate else ""


def _quiet(operation: Operation) -> str:
    age = operations.age(operation)
    if age < QUIET_S:
        return ""
    return f"no worker has moved it for {age:.0f} s (bin/up starts workers)"
