import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cqrs_site.up import supervisor

USAGE = "bin/up [--port PORT] [--no-demo] [--simulate RATE] [--workers N]"


def _between(kind: type[int] | type[float], lowest: float, highest: float) -> Any:
    def read(text: str) -> int | float:
        try:
            value = kind(text)
        except ValueError:
            value = kind(lowest - 1)
        if not lowest <= value <= highest:
            raise argparse.ArgumentTypeError(
                f"{text!r}: allowed is a number from {lowest:g} to {highest:g}"
            )
        return value

    return read


class Command(BaseCommand):
    help = (
        "Runs the whole system in this terminal: servers, web, workers, beat. "
        "Ctrl-C stops everything; the data stays in .local/."
    )
    requires_system_checks = ()

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(*args, usage=USAGE, **kwargs)
        parser.prog = "bin/up"
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port", type=_between(int, 1, 65535), default=8000, help="default: 8000"
        )
        parser.add_argument(
            "--no-demo",
            action="store_true",
            help="place no orders in an empty system (users and a key are made)",
        )
        parser.add_argument(
            "--simulate",
            type=_between(float, 0.01, 10_000),
            metavar="RATE",
            help="keep placing and moving orders, RATE commands a second",
        )
        parser.add_argument(
            "--workers",
            type=_between(int, 1, 64),
            default=1,
            metavar="N",
            help="worker processes that keep the read tables (default: 1)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        supervisor.run(
            supervisor.Options(
                port=options["port"],
                demo=not options["no_demo"],
                simulate=options["simulate"],
                workers=options["workers"],
            )
        )
