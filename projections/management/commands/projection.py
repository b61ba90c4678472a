import json
import sys
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date, parse_datetime

from eventstore.management import examples
from projections import actors, control, differences, errors, status, terminal, watching
from projections.models import Operation

EXAMPLES = """
examples:
  manage.py projection list
  manage.py projection status order_summary --json
  manage.py projection pause order_summary --reason "index maintenance"
  manage.py projection rebuild order_summary --review --reason "fixed totals"
  manage.py projection swap order_summary --reason "differences are as expected"
  manage.py projection rebuild order_summary --from-timestamp 2026-11-01
  manage.py projection repartition order_summary 4
"""
# What can be done to one projection: whether it takes part of the work away.
ACTIONS = {
    "pause": "stop after the batch at work",
    "resume": "go on; a failing one tries again at once",
    "rebuild": "build the tables anew beside the live ones, then swap",
    "swap": "let a rebuild that waits for review go live",
    "rollback": "bring back the tables that the last swap replaced",
    "discard": "drop the tables that are kept for a roll back",
    "cancel": "end the rebuild or roll back under way",
    "repartition": "change the number of partitions",
}
WAITING = ("rebuild", "swap", "rollback")


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
        for action, text in ACTIONS.items():
            steered = actions.add_parser(action, help=text)
            steered.add_argument("name")
            if action == "repartition":
                steered.add_argument("partitions", type=int)
            steered.add_argument("--reason", default="")
            if action in WAITING:
                steered.add_argument(
                    "--no-wait", action="store_true", help="leave it to the workers"
                )
            if action == "rebuild":
                self._add_rebuild(steered)

    def _add_rebuild(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--review",
            action="store_true",
            help="stop before the swap, to look at the differences",
        )
        parser.add_argument(
            "--from-timestamp",
            type=_moment,
            metavar="TIME",
            help="only what events that occurred then or later touch (UTC)",
        )
        parser.add_argument(
            "--partitions", type=int, help="of the rebuilt projection; also fill it"
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
        self,
        *,
        name: str,
        reason: str,
        no_wait: bool,
        review: bool,
        from_timestamp: datetime | None,
        partitions: int | None,
        **_: Any,
    ) -> None:
        operation = control.rebuild(
            name,
            actor=actors.command_line(),
            reason=reason,
            review=review,
            from_timestamp=from_timestamp,
            partitions=partitions,
        )
        self._wait(operation, no_wait=no_wait)

    def _swap(self, *, name: str, reason: str, no_wait: bool, **_: Any) -> None:
        operation = control.swap(name, actor=actors.command_line(), reason=reason)
        self._wait(operation, no_wait=no_wait)

    def _rollback(self, *, name: str, reason: str, no_wait: bool, **_: Any) -> None:
        operation = control.rollback(name, actor=actors.command_line(), reason=reason)
        self._wait(operation, no_wait=no_wait)

    def _discard(self, *, name: str, reason: str, **_: Any) -> None:
        control.discard(name, actor=actors.command_line(), reason=reason)
        self.stdout.write(f"{name} keeps no former tables any more")

    def _cancel(self, *, name: str, reason: str, **_: Any) -> None:
        operation = control.cancel(name, actor=actors.command_line(), reason=reason)
        self.stdout.write(f"{operation} is cancelled")

    def _repartition(
        self, *, name: str, partitions: int, reason: str, **_: Any
    ) -> None:
        control.repartition(
            name, partitions, actor=actors.command_line(), reason=reason
        )
        self.stdout.write(
            f"{name} has {partitions} partitions; to keep them over a rebuild, "
            "say so in cqrs.yaml too"
        )

    def _wait(self, operation: Operation, *, no_wait: bool) -> None:
        if no_wait:
            self.stdout.write(f"{operation} is left to the workers")
            return
        try:
            operation = watching.until_it_ends(operation, terminal.progress_console())
        except KeyboardInterrupt:
            self._interrupted(operation)
            return
        if operation.state in {Operation.State.FAILED, Operation.State.CANCELLED}:
            raise CommandError(f"{operation} is {operation.state} {operation.note}")
        self._tell(operation)

    def _interrupted(self, operation: Operation) -> None:
        if sys.stdin.isatty():
            self.stderr.write(
                f"\n{operation} is under way. Cancel it? [y/N] ",
                lambda text: text,
                ending="",
            )
            self.stderr.flush()
            if sys.stdin.readline().strip().lower() in {"y", "yes"}:
                self._cancel(name=operation.projection, reason="interrupted")
                return
        self.stdout.write(f"{operation} goes on: see projection status")

    def _tell(self, operation: Operation) -> None:
        compared = operation.result.get("comparison", {})
        if reason := compared.get("not_compared"):
            self.stdout.write(f"not compared with the old rows: {reason}")
        elif compared:
            count = differences.total(compared["tables"])
            self.stdout.write(
                f"{count:,} rows differ from the old ones at position "
                f"{compared['position']:,}"
            )
            terminal.print_differences(
                terminal.console(self.stdout), compared["tables"]
            )
        if operation.state == Operation.State.READY:
            self.stdout.write(
                f"{operation.projection} is ready: swap it, or cancel the rebuild"
            )
        elif operation.kind == Operation.Kind.ROLLBACK:
            self.stdout.write(f"{operation.projection} is rolled back")
        else:
            self.stdout.write(f"{operation.projection} is rebuilt")

    def _print(self, found: list[status.Status], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([each.as_json() for each in found], indent=2))
        else:
            terminal.print_table(terminal.console(self.stdout), found)


def _moment(text: str) -> datetime:
    """A date or a time of RFC 3339; UTC where it names no offset."""
    try:
        moment = parse_datetime(text)
        if moment is None and (day := parse_date(text)):
            moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001
    except ValueError:  # well formed, as 2026-02-30 is, and no day of any calendar
        moment = None
    if moment is None:
        raise ArgumentTypeError(
            f"{text!r} is no time: allowed are 2026-11-01 and 2026-11-01T12:30:00Z"
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
