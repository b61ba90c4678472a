"""A bar on standard error for actions that go through the log; none in a pipe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    TextColumn("{task.completed:,.0f} of {task.total:,.0f} {task.fields[unit]}"),
    TimeRemainingColumn(),
)


@contextmanager
def shown(
    stream: object, what: str, *, total: int, unit: str = "positions"
) -> Iterator[Callable[[int], None]]:
    """Gives what is to be called with how far it is."""
    file = cast(IO[str], stream)
    with Progress(
        *COLUMNS, console=Console(file=file), transient=True, disable=not file.isatty()
    ) as bars:
        bar = bars.add_task(what, total=max(total, 1), unit=unit)

        def tell(done: int) -> None:
            bars.update(bar, completed=done)

        yield tell
