import json
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
from rich.table import Table

from projections import (
    actors,
    control,
    dead_letters,
    documents,
    errors,
    operating,
    registry,
    terminal,
)
from projections.held_streams import Matching
from projections.models import DeadLetter, Operation

COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeRemainingColumn(),
)


class Command(BaseCommand):
    help = "Shows the streams that are held for a projection, retries and skips."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listed = actions.add_parser("list", help="all held streams, a line each")
        listed.add_argument("--projection")
        listed.add_argument("--json", action="store_true")
        shown = actions.add_parser("show", help="one, with its traceback")
        shown.add_argument("id", type=int)
        shown.add_argument("--json", action="store_true")
        retried = actions.add_parser("retry", help="try again now, in order")
        which = retried.add_mutually_exclusive_group(required=True)
        which.add_argument("id", type=int, nargs="?")
        which.add_argument("--projection", help="all that it holds")
        retried.add_argument("--category", default="", help="only of this category")
        retried.add_argument("--type", default="", help="only those failing at it")
        retried.add_argument("--reason", default="")
        skipped = actions.add_parser(
            "skip", help="pass the failing event over for ever"
        )
        skipped.add_argument("id", type=int)
        skipped.add_argument("--reason", required=True)

    def handle(self, *, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(**options)
        except errors.ProjectionError as error:
            raise CommandError(str(error)) from error

    def _list(self, *, projection: str | None, json: bool, **_: Any) -> None:
        found = _letters(projection)
        if json:
            self._json([documents.dead_letter(each) for each in found])
            return
        table = Table(box=None, pad_edge=False)
        for title in ("id", "projection", "stream", "event", "state", "attempts"):
            table.add_column(title, no_wrap=True)
        table.add_column("error", overflow="fold")
        for each in found:
            event = f"{each.type} v{each.version}"
            row = (each.projection, each.stream, event, each.state, str(each.attempts))
            table.add_row(str(each.pk), *row, each.error)
        terminal.console(self.stdout).print(table)
        self.stdout.write(f"{len(found)} held")

    def _show(self, *, id: int, json: bool, **_: Any) -> None:
        letter = dead_letters.get(id)
        shown = documents.whole_dead_letter(letter)
        if json:
            self._json(shown)
            return
        del shown["traceback"]
        for name, value in shown.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {value}")
        self.stdout.write(letter.traceback)

    def _retry(
        self,
        *,
        id: int | None,
        projection: str | None,
        category: str,
        type: str,
        reason: str,
        **_: Any,
    ) -> None:
        actor = actors.command_line()
        if id is not None and (category or type):
            raise CommandError("--category and --type go with --projection")
        if projection is not None:
            chosen = Matching(projection=projection, category=category, type=type)
            done = self._work(
                control.retry_matching(chosen, actor=actor, reason=reason)
                if chosen.named()
                else control.retry_all(projection, actor=actor, reason=reason)
            )
            freed, tried = done.result["freed"], done.done
        else:
            assert id is not None  # argparse sees to it
            freed, tried = int(control.retry(id, actor=actor, reason=reason)), 1
        self.stdout.write(f"{freed} of {tried} are held no longer")
        if freed < tried:
            raise CommandError(f"{tried - freed} failed again: see dead_letters list")

    def _work(self, operation: Operation) -> Operation:
        """Takes part in the operation until it ends, whether or not workers run."""
        console = terminal.progress_console()
        shown = Progress(*COLUMNS, console=console, disable=not console.is_terminal)
        try:
            with shown:
                task = shown.add_task(operation.projection, total=operation.total)
                while operation.finished_at is None:
                    if not operating.step(operation):
                        time.sleep(operating.PAUSE_S)
                    operation.refresh_from_db()
                    shown.update(task, completed=operation.done)
        except KeyboardInterrupt:
            raise CommandError(
                f"operation {operation.pk} is left to the workers"
            ) from None
        if operation.state != Operation.State.FINISHED:
            raise CommandError(f"{operation} is {operation.state}: {operation.note}")
        return operation

    def _skip(self, *, id: int, reason: str, **_: Any) -> None:
        freed = control.skip(id, actor=actors.command_line(), reason=reason)
        self.stdout.write("held no longer" if freed else "the next event fails too")

    def _json(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, indent=2))


def _letters(projection: str | None) -> list[DeadLetter]:
    if projection is None:
        return list(dead_letters.current().order_by("pk"))
    registry.subscriber(projection)
    return list(dead_letters.current().filter(projection=projection).order_by("pk"))
