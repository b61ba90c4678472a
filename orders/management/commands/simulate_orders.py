"""`manage.py simulate_orders`: made-up orders live their lives at a steady rate."""

import json
import secrets
import signal
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from orders.simulation import progress, running
from orders.simulation.tally import Tally


class Command(BaseCommand):
    help = (
        "Places orders and moves them on through the command side, until Ctrl-C or "
        "until the orders asked for are finished."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rate", type=_rate, required=True, metavar="R", help="commands per second"
        )
        parser.add_argument(
            "--orders",
            type=_orders,
            metavar="N",
            help="stop when N orders were placed and are finished",
        )
        parser.add_argument(
            "--seed", type=_seed, metavar="S", help="the same seed decides the same"
        )
        parser.add_argument(
            "--json", action="store_true", help="print the summary as JSON"
        )

    def handle(
        self,
        *,
        rate: float,
        orders: int | None,
        seed: int | None,
        json: bool,
        **options: Any,
    ) -> None:
        if seed is None:
            seed = secrets.randbelow(1_000_000)
        with (
            _stopped_by_signals() as stopping,
            progress.shown(rate=rate, stream=sys.stderr) as show,
        ):
            tally = running.run(
                rate=rate, seed=seed, orders=orders, stopping=stopping, show=show
            )
        text = _json if json else _text
        self.stdout.write(text(tally, rate=rate, seed=seed))


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 100_000:
        raise ArgumentTypeError(
            f"{text!r}: allowed is a number above 0, at most 100,000"
        )
    return rate


def _orders(text: str) -> int:
    try:
        orders = int(text)
    except ValueError:
        orders = 0
    if orders < 1:
        raise ArgumentTypeError(f"{text!r}: allowed is a whole number from 1")
    return orders


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r}: allowed is a whole number") from None


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Set by the first Ctrl-C or SIGTERM, which lets the command at hand finish."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()
        signal.signal(number, signal.SIG_DFL)  # a second one stops at once

    before = {
        number: signal.signal(number, stop)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _json(tally: Tally, *, rate: float, seed: int) -> str:
    facts = {
        "seed": seed,
        "rate": rate,
        "commands_per_second": round(tally.rate, 2),
        "seconds": round(tally.seconds, 3),
        "behind_seconds": round(tally.behind_s, 3),
        "orders_placed": tally.placed,
        "orders_finished": tally.finished,
        "commands": dict(tally.commands.most_common()),
        "rejections": dict(tally.rejections.most_common()),
        "conflicts": tally.conflicts,
    }
    return json.dumps(facts, indent=2)


def _text(tally: Tally, *, rate: float, seed: int) -> str:
    lines = [
        f"{tally.given:,} commands in {tally.seconds:.1f} s "
        f"({tally.rate:.1f}/s of {rate:g}/s), seed {seed}",
        f"{tally.placed:,} orders placed, {tally.finished:,} finished",
        *(f"  {count:>7,} {name}" for name, count in tally.commands.most_common()),
        f"{tally.rejections.total():,} rejected, {tally.conflicts:,} conflicts",
        *(f"  {count:>7,} {code}" for code, count in tally.rejections.most_common()),
    ]
    if tally.behind_s:
        lines.append(f"the rate could not be kept: behind by {tally.behind_s:.1f} s")
    return "\n".join(lines)
