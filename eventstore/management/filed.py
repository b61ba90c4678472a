"""`event_store export`, `import` and `archive`: what they take, do and print."""

import json
from argparse import _SubParsersAction
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from eventstore.files import archiving, exporting, importing, reading
from eventstore.management import progress


def add_parsers(actions: "_SubParsersAction[Any]") -> None:
    export = actions.add_parser(
        "export", help="write the settled events and their seals to a file"
    )
    export.add_argument("file", type=Path, help="compressed if it is named ….zst")
    export.add_argument("--from", dest="start", type=int, default=1, metavar="POSITION")
    export.add_argument(
        "--with-keys",
        action="store_true",
        help="also the wrapped keys of personal data, which DATA_KEY unwraps",
    )
    export.add_argument(
        "--readable",
        action="store_true",
        help="events at their newest schema version, for people: not for `import`",
    )
    export.add_argument("--json", action="store_true")
    import_ = actions.add_parser(
        "import", help="store all events and seals of such a file; in an empty log only"
    )
    import_.add_argument("file", type=Path)
    import_.add_argument("--json", action="store_true")
    archive = actions.add_parser(
        "archive", help="export old sealed events and check the file; deletes nothing"
    )
    archive.add_argument(
        "--before",
        metavar="TIME",
        help="recorded before; default: event_store.retention_days ago",
    )
    archive.add_argument(
        "--to",
        type=Path,
        metavar="FOLDER",
        default=settings.ARCHIVE_DIR,
        help="default: %(default)s; what it has already is not written again",
    )
    archive.add_argument("--json", action="store_true")


def export(
    command: BaseCommand,
    *,
    file: Path,
    start: int,
    readable: bool,
    with_keys: bool,
    json: bool,
    **options: Any,
) -> None:
    if start < 1:
        raise CommandError("--from: the first position is 1")
    if readable and with_keys:
        raise CommandError("--readable has the texts themselves: no keys go with it")
    up_to = exporting.newest_position()
    with (
        _readable_errors(),
        progress.shown("exporting", total=up_to) as tell,
    ):
        found = exporting.export(
            file,
            start=start,
            up_to=up_to,
            readable=readable,
            with_keys=with_keys,
            tell=tell,
        )
    said = (
        f"{found.events:,} events and {found.seals:,} seals up to position "
        f"{found.last_position:,} are in {file}"
    )
    _print(command, asdict(found) if json else said)


def import_(command: BaseCommand, *, file: Path, json: bool, **options: Any) -> None:
    with _readable_errors():
        with reading.opened(file) as opened:
            total = opened.header.up_to
        with progress.shown("importing", total=total) as tell:
            found = importing.import_file(file, tell=tell)
    said = (
        f"{found.events:,} events and {found.seals:,} seals are imported, up to "
        f"position {found.last_position:,}; the log is in epoch {found.epoch}"
    )
    _print(command, asdict(found) if json else said)


def archive(
    command: BaseCommand, *, before: str | None, to: Path, json: bool, **options: Any
) -> None:
    at = _moment(before) if before else _retention_ends()
    total = exporting.newest_position()
    with (
        _readable_errors(),
        progress.shown("archiving", total=total) as tell,
    ):
        found = archiving.archive(to, before=at, tell=tell)
    said = (
        f"{found.events:,} events in {found.seals:,} seals are checked in {found.path}"
        if found.path
        else f"nothing new was sealed and recorded before {at:%Y-%m-%d %H:%M:%S %Z}"
    )
    end = f"{to} has the log up to position {found.up_to:,}; nothing was deleted"
    facts = {**asdict(found), "path": str(found.path) if found.path else None}
    _print(command, facts if json else f"{said}\n{end}")


def _retention_ends() -> datetime:
    days: int = settings.CQRS.command_side.event_store.retention_days
    return timezone.now() - timedelta(days=days)


def _moment(text: str) -> datetime:
    """A date or a time; UTC where it names no offset."""
    try:
        at = parse_datetime(text)
        if at is None and (day := parse_date(text)):
            at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:  # well formed, and no day of any calendar
        at = None
    if at is None:
        raise CommandError(
            f"--before {text!r} is no time: allowed are 2026-11-01 and "
            "2026-11-01T12:30:00Z"
        )
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@contextmanager
def _readable_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from error


def _print(command: BaseCommand, found: dict[str, Any] | str) -> None:
    text = found if isinstance(found, str) else json.dumps(found)
    command.stdout.write(text)
