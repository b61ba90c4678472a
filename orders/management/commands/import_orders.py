"""`manage.py import_orders`: history from a file becomes orders."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

import eventstore.errors
from orders.imports import errors, importing, progress
from orders.imports.importing import Summary


class Command(BaseCommand):
    help = (
        "Imports past orders. Can be stopped and started again at any time: it goes "
        "on where it was and stores nothing twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the source file, plain or .xz")
        parser.add_argument(
            "--format", required=True, choices=sorted(importing.FORMATS)
        )
        parser.add_argument(
            "--rejects",
            type=Path,
            metavar="FILE",
            help="where to write what is not imported, as CSV (default: "
            "FILE.rejects.csv in the current folder); no file when all is imported",
        )
        parser.add_argument(
            "--json", action="store_true", help="print the summary as JSON"
        )

    def handle(
        self,
        *,
        file: Path,
        format: str,
        rejects: Path | None,
        json: bool,
        **options: Any,
    ) -> None:
        try:
            summary = importing.run(
                file,
                format=format,
                rejects_path=rejects or Path(f"{file.name}.rejects.csv"),
                display=partial(progress.shown, stream=sys.stderr),
            )
        except (errors.ImportStopped, eventstore.errors.VersionConflict) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("stopped; start it again to go on") from None
        self.stdout.write(_json(summary) if json else _text(summary))


def _json(summary: Summary) -> str:
    return json.dumps(
        {**asdict(summary), "seconds": round(summary.seconds, 3)}, indent=2
    )


def _text(summary: Summary) -> str:
    ignored = f" + {summary.ignored:,} ignored" if summary.ignored else ""
    lines = [
        f"{summary.read:,} {summary.unit} = {summary.imported:,} imported{ignored} "
        f"+ {summary.rejected:,} rejected, in {summary.seconds:.1f} s "
        f"({summary.rate:,.0f}/s)",
        f"{summary.orders:,} orders, {summary.new_orders:,} of them new",
        f"{summary.events:,} events, {summary.new_events:,} of them new",
        *(f"  {count:>7,} {reason}" for reason, count in summary.rejects.items()),
        f"rejects: {summary.rejects_file}" if summary.rejects_file else "no rejects",
    ]
    return "\n".join(lines)
