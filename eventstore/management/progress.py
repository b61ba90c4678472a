"""A bar on standard error for actions that go through the log; none in a pipe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
    TextColumn("{task.completed:,.0f} of {task.total:,.0f} positions"),
    TimeRemainingColumn(),
)


@contextmanager
def shown(what: str, *, total: int) -> Iterator[Callable[[int], None]]:
    """Gives what is to be called with the position that it is at."""
    # Not a command's self.stderr: that ends every write with a line feed.
    console = Console(stderr=True)
    with Progress(
        *COLUMNS, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        bar = bars.add_task(what, total=max(total, 1))

        def tell(done: int) -> None:
            bars.update(bar, completed=done)

        yield tell
