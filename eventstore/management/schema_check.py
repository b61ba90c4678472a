"""`event_store schema --check`: today's schemas against those that were kept."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from django.core.management.base import CommandError

from eventstore import compatibility, schemas, streams


def run(path: str, *, write: Callable[[str], object]) -> None:
    """Writes a line for each change. Raises CommandError if one of them breaks."""
    stream_types = streams.registered()
    try:
        kept = sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
        changes = compatibility.compare(
            json.loads(kept),
            schemas.document(stream_types),
            stream_types=stream_types,
        )
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no schema of events: {error}") from error
    for change in changes:
        write(str(change))
    breaking = sum(change.breaking for change in changes)
    if breaking:
        raise CommandError(
            f"{breaking} of {len(changes)} changes break what is stored: make a new "
            "schema version with an upcaster instead (docs/how-to/change-an-event.md)"
        )
    if changes:
        write("all changes are additive: keep the new schema")
