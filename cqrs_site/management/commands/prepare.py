import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from cqrs_site import demo_accounts
from eventstore.models import Event


class Command(BaseCommand):
    help = (
        "Migrates, checks, and makes the demo users and an API key where there are "
        "none. `up` runs it; the secrets it makes are printed once."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        aliases = ["default"]
        if settings.READ_DATABASE_IS_SEPARATE:
            aliases.append("read")
        for alias in aliases:
            with self._step(f"migrations ({alias})"):
                call_command("migrate", database=alias, verbosity=0, interactive=False)
        with self._step("system checks"):
            call_command("check", databases=aliases, stdout=io.StringIO())
        with self._step("demo users, API key"):
            passwords = demo_accounts.make_users()
            key = demo_accounts.make_key()
        made = {
            "passwords": passwords,
            "key": key,
            "log_is_empty": not Event.objects.exists(),
        }
        if options["json"]:
            self.stdout.write(json.dumps(made))
            return
        for name, password in passwords.items():
            self.stdout.write(f"{name} {password}")
        if key:
            self.stdout.write(key)

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        seconds = time.monotonic() - began
        self.stderr.write(f"{'up':10} | {what:44} {seconds:5.1f} s", lambda text: text)
