import json
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from eventstore.management import examples
from projections import actors, control, errors, status, terminal

# Between looks at a rebuild's progress. Seconds.
LOOK_S = 0.5

EXAMPLES = """
examples:
  manage.py projection list
  manage.py projection status order_summary --json
  manage.py projection pause order_summary --reason "index maintenance"
  manage.py projection rebuild order_summary --reason "fixed totals"
"""


class Command(BaseCommand):
    help = "Shows and steers the projections that keep the read tables."

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EXAMPLES, "formatter_class": examples.Formatter}
        return super().create_parser(*args, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        shown = actions.add_parser("list", help="all projections, a line each")
        shown.add_argument("--json", action="store_true")
        shown = actions.add_parser("status", help="everything about one, or about all")
        shown.add_argument("name", nargs="?")
        shown.add_argument("--json", action="store_true")
        for action, text in (
            ("pause", "stop after the batch at work"),
            ("resume", "go on; a failing one tries again at once"),
            ("rebuild", "empty the tables and read the log from its beginning"),
        ):
            steered = actions.add_parser(action, help=text)
            steered.add_argument("name")
            steered.add_argument("--reason", default="")
            if action == "rebuild":
                steered.add_argument(
                    "--no-wait", action="store_true", help="leave it to the workers"
                )
                steered.add_argument(
                    "--yes", action="store_true", help="do not ask, on a terminal"
                )

    def handle(self, *, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(**options)
        except errors.ProjectionError as error:
            raise CommandError(str(error)) from error

    def _list(self, *, json: bool, **_: Any) -> None:
        self._print(status.all(), as_json=json)

    def _status(self, *, name: str | None, json: bool, **_: Any) -> None:
        found = [status.of(name)] if name else status.all()
        if json or len(found) > 1:
            self._print(found, as_json=json)
        else:
            terminal.print_one(terminal.console(self.stdout), found[0])

    def _pause(self, *, name: str, reason: str, **_: Any) -> None:
        control.pause(name, actor=actors.command_line(), reason=reason)
        self.stdout.write(f"{name} is paused")

    def _resume(self, *, name: str, reason: str, **_: Any) -> None:
        control.resume(name, actor=actors.command_line(), reason=reason)
        self.stdout.write(f"{name} is running")

    def _rebuild(
        self, *, name: str, reason: str, no_wait: bool, yes: bool, **_: Any
    ) -> None:
        if not yes and sys.stdin.isatty():
            self._ask(status.of(name))
        control.rebuild(name, actor=actors.command_line(), reason=reason)
        if no_wait:
            self.stdout.write(f"{name} is being rebuilt by the workers")
            return
        self._watch(name)
        self.stdout.write(f"{name} is rebuilt")

    def _ask(self, found: status.Status) -> None:
        """Raises CommandError unless the answer is yes."""
        self.stderr.write(
            f"{found.name} is emptied: until {found.head:,} positions are read again, "
            "queries miss rows. Rebuild it? [y/N] ",
            lambda text: text,
            ending="",
        )
        self.stderr.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise CommandError("nothing was changed")

    def _watch(self, name: str) -> None:
        goal = status.of(name).head
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]} positions/s"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=terminal.console(self.stderr)) as progress:
            task = progress.add_task(name, total=goal, rate="-")
            while (now := status.of(name)).position < goal:
                if now.state in {"faulted", "paused", "stalled"}:
                    raise CommandError(_stopped(now))
                speed = progress.tasks[task].speed
                progress.update(
                    task,
                    completed=now.position,
                    rate=f"{speed:,.0f}" if speed else "-",
                )
                time.sleep(LOOK_S)
            progress.update(task, completed=goal)

    def _print(self, found: list[status.Status], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([each.as_json() for each in found], indent=2))
        else:
            terminal.print_table(terminal.console(self.stdout), found)


def _stopped(now: status.Status) -> str:
    if now.state == "stalled":
        return f"{now.name} does not move: is a worker running? (bin/up starts one)"
    return f"{now.name} is {now.state} at position {now.position}: {now.last_error}"
