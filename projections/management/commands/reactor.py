import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.table import Table

from eventstore.management import examples
from projections import actors, control, errors, terminal
from projections.reacting import standing

NOW = "now"
EXAMPLES = """
examples:
  manage.py reactor list
  manage.py reactor pause refund_cancelled_orders --reason "bank holiday"
  manage.py reactor start refund_cancelled_orders --from now
"""


class Command(BaseCommand):
    help = "Shows and steers the reactors, which give commands after events."

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EXAMPLES, "formatter_class": examples.Formatter}
        return super().create_parser(*args, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        shown = actions.add_parser("list", help="all reactors, a line each")
        shown.add_argument("--json", action="store_true")
        for action, text in (
            ("pause", "stop after the turn at work; timers wait as well"),
            ("resume", "go on where it stood; a failing one tries again at once"),
            ("start", "go on from now or from an earlier or later event"),
        ):
            steered = actions.add_parser(action, help=text)
            steered.add_argument("name")
            steered.add_argument("--reason", default="")
            if action == "start":
                steered.add_argument(
                    "--from",
                    dest="start",
                    type=_start,
                    required=True,
                    metavar="now|POSITION",
                    help="position of the first event to handle (1: all there is)",
                )

    def handle(self, *, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(**options)
        except errors.ProjectionError as error:
            raise CommandError(str(error)) from error

    def _list(self, *, json: bool, **_: Any) -> None:
        found = standing.all()
        if json:
            self._json([each.as_json() for each in found])
            return
        table = Table(box=None, pad_edge=False)
        for title in ("reactor", "state"):
            table.add_column(title, no_wrap=True)
        for title in ("position", "head", "lag", "timers", "failing", "held"):
            table.add_column(title, justify="right", no_wrap=True)
        table.add_column("last error", overflow="fold")
        for each in found:
            numbers = (each.status.position, each.status.head, each.status.lag_events)
            waiting = (each.timers, each.failing_timers, each.status.dead_letters)
            table.add_row(
                each.status.name,
                each.state,
                *(f"{number:,}" for number in (*numbers, *waiting)),
                each.status.last_error,
            )
        terminal.console(self.stdout).print(table)

    def _pause(self, *, name: str, reason: str, **_: Any) -> None:
        control.pause_reactor(name, actor=actors.command_line(), reason=reason)
        self.stdout.write(f"{name} is paused")

    def _resume(self, *, name: str, reason: str, **_: Any) -> None:
        control.resume_reactor(name, actor=actors.command_line(), reason=reason)
        self.stdout.write(f"{name} is running")

    def _start(self, *, name: str, start: str, reason: str, **_: Any) -> None:
        position = None if start == NOW else int(start)
        control.start_reactor(
            name, position=position, actor=actors.command_line(), reason=reason
        )
        self.stdout.write(f"{name} goes on from {start}")

    def _json(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, indent=2))


def _start(text: str) -> str:
    if text == NOW or (text.isascii() and text.isdecimal()):
        return text
    raise argparse.ArgumentTypeError(f"{text!r}: allowed is now, or a position")
