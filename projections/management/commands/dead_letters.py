import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.table import Table

from eventstore.events import rfc3339
from projections import actors, control, dead_letters, errors, registry, terminal
from projections.models import DeadLetter


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
            self._json([_shown(each) for each in found])
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
        shown = {**_shown(letter), "held_events": dead_letters.held_events(letter)}
        if json:
            self._json(shown)
            return
        for name, value in shown.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {value}")
        self.stdout.write(letter.traceback)

    def _retry(
        self, *, id: int | None, projection: str | None, reason: str, **_: Any
    ) -> None:
        ids = [id] if id is not None else [each.pk for each in _letters(projection)]
        actor = actors.command_line()
        freed = sum(control.retry(each, actor=actor, reason=reason) for each in ids)
        self.stdout.write(f"{freed} of {len(ids)} are held no longer")
        if freed < len(ids):
            raise CommandError(
                f"{len(ids) - freed} failed again: see dead_letters list"
            )

    def _skip(self, *, id: int, reason: str, **_: Any) -> None:
        freed = control.skip(id, actor=actors.command_line(), reason=reason)
        self.stdout.write("held no longer" if freed else "the next event fails too")

    def _json(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, indent=2))


def _letters(projection: str | None) -> list[DeadLetter]:
    if projection is None:
        return list(DeadLetter.objects.order_by("pk"))
    registry.subscriber(projection)
    return list(DeadLetter.objects.filter(projection=projection).order_by("pk"))


def _shown(letter: DeadLetter) -> dict[str, Any]:
    due = letter.next_attempt_at
    return {
        "id": letter.pk,
        "projection": letter.projection,
        "stream": letter.stream,
        "state": letter.state,
        "position": letter.position,
        "event_id": str(letter.event_id),
        "version": letter.version,
        "type": letter.type,
        "category": letter.category,
        "error": letter.error,
        "handler": letter.handler,
        "attempts": letter.attempts,
        "first_failed_at": rfc3339(letter.first_failed_at),
        "last_failed_at": rfc3339(letter.last_failed_at),
        "next_attempt_at": rfc3339(due) if due else None,
    }
