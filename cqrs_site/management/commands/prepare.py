import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from cqrs_site import demo_accounts, environment
from cqrs_site.up import unshown
from cqrs_site.up.unshown import Unshown
from eventstore.models import Event
from projections.reacting import starting


class Command(BaseCommand):
    help = (
        "Migrates, checks, and makes the demo users and an API key where there are "
        "none. The secrets it makes are printed once."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json",
            action="store_true",
            help="for `up`: print JSON, and the secrets again until `up` showed them",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        aliases = ["default"]
        if settings.READ_DATABASE_IS_SEPARATE:
            aliases.append("read")
        for alias in aliases:
            with self._step(f"migrations ({alias})"):
                call_command("migrate", database=alias, verbosity=0, interactive=False)
        with self._step("system checks"):
            call_command("check", databases=aliases, stdout=io.StringIO())
        with self._step("reactors"):
            starting.begin()  # before the first order, which they else would miss
        with self._step("demo users, API key"):
            made = _make_accounts(keep=options["json"])
        if options["json"]:
            empty = not Event.objects.exists()
            self.stdout.write(json.dumps({**asdict(made), "log_is_empty": empty}))
            return
        for name, password in made.passwords.items():
            self.stdout.write(f"{name} {password}")
        if made.key:
            self.stdout.write(made.key)
        unshown.forget(environment.LOCAL_DIR)

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        seconds = time.monotonic() - began
        self.stderr.write(f"{'up':10} | {what:44} {seconds:5.1f} s", lambda text: text)


def _make_accounts(*, keep: bool) -> Unshown:
    """What was made now, and what an `up` that was stopped made and did not show."""
    with transaction.atomic():
        left = _still_true(unshown.read(environment.LOCAL_DIR))
        passwords = demo_accounts.make_users()
        key = demo_accounts.make_key()
        made = Unshown(passwords=left.passwords | passwords, key=key or left.key)
        if keep and made:
            # Before the commit: afterwards a kill would lose them. One that comes
            # between leaves words that are not true, which the next run notices.
            unshown.keep(environment.LOCAL_DIR, made)
    return made


def _still_true(left: Unshown) -> Unshown:
    return Unshown(
        passwords={
            name: word
            for name, word in left.passwords.items()
            if demo_accounts.is_password(name, word)
        },
        key=left.key if left.key and demo_accounts.is_key(left.key) else None,
    )
