"""`event_store seal` and `verify`: what they take, do and print."""

import json
from argparse import _SubParsersAction
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from eventstore.management import progress
from eventstore.seals import anchors, chain, marks, sealing, verifying
from eventstore.seals.verifying import Report


def add_parsers(actions: "_SubParsersAction[Any]") -> None:
    seal = actions.add_parser(
        "seal", help="seal what is settled now (workers do so every minute)"
    )
    seal.add_argument(
        "--anchor",
        type=Path,
        metavar="FILE",
        help="append the digests of new seals to this file, which belongs on another "
        "machine",
    )
    seal.add_argument("--json", action="store_true")
    verify = actions.add_parser(
        "verify",
        help="compare the log with its seals; exit code 1, and the first position that "
        "was altered, removed or inserted, when they differ",
    )
    verify.add_argument(
        "--from",
        dest="start",
        type=int,
        default=marks.FIRST,
        metavar="POSITION",
        help="what is before counts as right",
    )
    verify.add_argument(
        "--anchor",
        type=Path,
        metavar="FILE",
        help="compare the seals with those that `seal --anchor` wrote there",
    )
    verify.add_argument("--json", action="store_true")


def seal(
    command: BaseCommand, *, anchor: Path | None, json: bool, **options: Any
) -> None:
    sealed = 0
    while more := sealing.seal_settled():
        sealed += more
    last = chain.last()
    facts: dict[str, Any] = {
        "events": sealed,
        "last_seal": last.number if last else None,
        "last_position": last.last_position if last else None,
        "digest": bytes(last.digest).hex() if last else None,
    }
    if anchor:
        try:
            facts["anchored"] = anchors.extend(anchor)
        except OSError as error:
            raise CommandError(f"{anchor}: {error.strerror}") from error
    _print(command, facts if json else _said(facts, anchor))


def _said(facts: dict[str, Any], anchor: Path | None) -> str:
    if facts["last_seal"] is None:
        return "there are no settled events to seal"
    said = (
        f"{facts['events']:,} events sealed; seal {facts['last_seal']} ends at "
        f"position {facts['last_position']:,}, digest {facts['digest']}"
    )
    return (
        f"{said}\n{facts['anchored']:,} seals written to {anchor}" if anchor else said
    )


def verify(
    command: BaseCommand,
    *,
    start: int,
    anchor: Path | None,
    json: bool,
    **options: Any,
) -> None:
    """Raises CommandError for what is wrong."""
    last = chain.last()
    total = last.last_position if last else 0
    with progress.shown("verifying", total=total) as tell:
        try:
            report = verifying.verify(start=start, anchor=anchor, tell=tell)
        except OSError as error:
            raise CommandError(f"{anchor}: {error.strerror}") from error
    _print(command, asdict(report) if json else _told(report))
    if found := report.finding:
        raise CommandError(f"position {found.position}: {found.kind}: {found.text}")


def _told(report: Report) -> str:
    right = (
        f"{report.events:,} events in {report.seals:,} seals are as they were sealed, "
        f"up to position {report.last_position:,}"
    )
    if report.finding:
        return right
    since = f", since {report.unsealed_since}" if report.unsealed else ""
    return f"{right}\n{report.unsealed:,} newer events are not sealed yet{since}"


def _print(command: BaseCommand, found: dict[str, Any] | str) -> None:
    text = found if isinstance(found, str) else json.dumps(found)
    command.stdout.write(text)
