import json
import sys
import time
from datetime import datetime
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from eventstore import (
    errors,
    events,
    ids,
    schemas,
    settled,
    store,
    streams,
    time_travel,
)
from eventstore.management import (
    examples,
    filed,
    forget,
    rewrap,
    schema_check,
    sealed,
)

BATCH = 1000  # events a read
FOLLOW_S = 0.2  # between looks for new events

EXAMPLES = """
examples:
  manage.py event_store append order-0193… --type NoteAdded --data '{"text": "hi"}'
  manage.py event_store stream --type OrderPlaced --from 2026-01-01T00:00:00Z
  manage.py event_store stream --follow
  manage.py event_store replay order-0193… --at-version 3
  manage.py event_store forget customer-7 --reason "asked by letter of 3 May"
  manage.py event_store schema --check docs/events/schema.json
  manage.py event_store verify --anchor /mnt/elsewhere/anchor
"""


class Command(BaseCommand):
    help = "Appends to, prints, replays, seals and verifies the event log."

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EXAMPLES, "formatter_class": examples.Formatter}
        return super().create_parser(*args, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        append = actions.add_parser("append", help="append one event to a stream")
        append.add_argument("stream", help="<type>-<id>, such as order-<uuid>")
        append.add_argument("--type", required=True, help="event type")
        append.add_argument("--data", required=True, help="its data as JSON")
        append.add_argument("--expected-version", type=int, help="default: the newest")
        append.add_argument("--json", action="store_true")
        stream = actions.add_parser("stream", help="print settled events, one a line")
        stream.add_argument(
            "--from",
            dest="start",
            help="a position, or a time; default: the first event, "
            "with --follow the newest",
        )
        stream.add_argument("--type", help="only events of this type")
        stream.add_argument(
            "--stored",
            action="store_true",
            help="as stored, not at the newest schema version",
        )
        stream.add_argument(
            "--personal", action="store_true", help="show personal data, unmasked"
        )
        stream.add_argument("--follow", action="store_true", help="wait for new ones")
        stream.add_argument("--json", action="store_true", help="(always JSON)")
        replay = actions.add_parser("replay", help="a stream's state, event by event")
        replay.add_argument("stream")
        replay.add_argument("--at-version", type=int)
        replay.add_argument("--json", action="store_true", help="(always JSON)")

        forgetting = actions.add_parser("forget", help="forget a person for ever")
        forgetting.add_argument("person", metavar="CUSTOMER", help="the customer's id")
        forgetting.add_argument("--reason", required=True, help="for the audit")
        forgetting.add_argument("--yes", action="store_true", help="do not ask")

        actions.add_parser("rewrap", help="wrap all keys by a new DATA_KEY")

        schema = actions.add_parser("schema", help="JSON Schema of all event types")
        schema.add_argument(
            "--check",
            metavar="FILE",
            help="tell what changed since the schema in FILE (-: stdin) was printed; "
            "exit code 1 when that breaks readers of stored events",
        )
        schema.add_argument("--json", action="store_true", help="(always JSON)")
        sealed.add_parsers(actions)
        filed.add_parsers(actions)

    def handle(self, *, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(**options)
        except errors.EventStoreError as error:
            raise CommandError(str(error)) from error
        except BrokenPipeError:
            sys.exit(0)  # the reader of our output had enough, as `head` has
        except KeyboardInterrupt:
            sys.exit(130)

    def _append(
        self,
        *,
        stream: str,
        type: str,
        data: str,
        expected_version: int | None,
        json: bool,
        **_: Any,
    ) -> None:
        stream_type = streams.of(stream)
        event_type = stream_type.newest(type)
        struct = stream_type.decode(type, event_type.schema_version, data)
        if expected_version is None:
            expected_version = store.version_of(stream)
        before = time_travel.state_at(stream, version=expected_version)
        now = timezone.now()
        try:
            after = stream_type.fold(before, [(struct, now)])
        except Exception as error:  # whatever a domain's evolve finds impossible
            raise CommandError(f"{type} cannot follow there: {error}") from error
        metadata = {
            "command_id": str(ids.uuid7()),
            "source": "event_store append",
            **stream_type.search_keys(after),
        }
        new = events.new(struct, occurred_at=now, metadata=metadata)
        (at,) = store.append(stream, [new], expected_version=expected_version)
        if json:
            self._line(
                {
                    "event_id": str(new.event_id),
                    "position": at.position,
                    "version": at.version,
                }
            )
        else:
            self.stdout.write(
                f"{stream} is at version {at.version}, position {at.position}"
            )

    def _stream(
        self,
        *,
        start: str | None,
        type: str | None,
        stored: bool,
        personal: bool,
        follow: bool,
        **_: Any,
    ) -> None:
        types = [_known(type)] if type else None
        after = 0
        if start:
            after = _position_before(start)
        elif follow:
            after = _position_before_newest()
        while True:
            for event in store.follow_settled(
                after=after, batch_size=BATCH, types=types
            ):
                self._line(event.envelope(masked=not personal, stored=stored))
                after = event.position
            if not follow:
                return
            self.stdout.flush()
            time.sleep(FOLLOW_S)

    def _replay(self, *, stream: str, at_version: int | None, **_: Any) -> None:
        known = store.version_of(stream)
        streams.of(stream)
        if not known:
            raise CommandError(f"{stream} has no events")
        if at_version is not None and not 1 <= at_version <= known:
            raise CommandError(f"{stream} has versions 1 to {known}")
        for step in time_travel.replay(stream, to_version=at_version or known):
            self._line(
                {
                    "version": step.event.version,
                    "type": step.event.type,
                    "occurred_at": events.rfc3339(step.event.occurred_at),
                    "state": msgspec.to_builtins(step.state),
                }
            )

    def _schema(self, *, check: str | None, **_: Any) -> None:
        if check is None:
            now = schemas.document(streams.registered())
            self.stdout.write(schemas.text(now), ending="")
        else:
            schema_check.run(check, write=self.stdout.write)

    def _forget(self, *, person: str, reason: str, yes: bool, **_: Any) -> None:
        forget.run(person, reason=reason, confirmed=yes, write=self.stdout.write)

    def _rewrap(self, **_: Any) -> None:
        rewrap.run(write=self.stdout.write)

    def _seal(self, **options: Any) -> None:
        sealed.seal(self, **options)

    def _verify(self, **options: Any) -> None:
        sealed.verify(self, **options)

    def _export(self, **options: Any) -> None:
        filed.export(self, **options)

    def _import(self, **options: Any) -> None:
        filed.import_(self, **options)

    def _archive(self, **options: Any) -> None:
        filed.archive(self, **options)

    def _line(self, value: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(value, default=str, ensure_ascii=False))


def _known(type: str) -> str:
    """The event type, which some stream type has."""
    known = {each.name for known in streams.registered() for each in known.events}
    if type not in known:
        raise CommandError(
            f"there is no event type {type!r}; there are: {', '.join(sorted(known))}"
        )
    return type


def _position_before_newest() -> int:
    # Not behind what is still open: that would be left out when it settles.
    newest = min(store.head(), settled.position().settled)
    return max(newest - 1, 0)


def _position_before(start: str) -> int:
    """The position after which events at or after `start` (position, time) stand."""
    if start.isdecimal():
        return int(start) - 1
    try:
        at: datetime | None = parse_datetime(start)
    except ValueError:
        at = None
    if at is None:
        raise CommandError(f"--from {start!r} is neither a position nor a time")
    aware = at if timezone.is_aware(at) else timezone.make_aware(at)
    return store.position_before(aware)
