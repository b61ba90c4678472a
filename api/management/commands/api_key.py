import argparse
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import django.db
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from api import keys, times
from api.models import ApiKey


class Command(BaseCommand):
    help = "Creates, lists and revokes the keys of API clients."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
        create = actions.add_parser("create", help="make a key; it is shown once")
        create.add_argument("name", metavar="NAME", help="unique, 1 to 64 characters")
        create.add_argument(
            "--scope",
            dest="scopes",
            action="append",
            required=True,
            choices=list(settings.API_SCOPES),
            help="what it may do; may repeat",
        )
        create.add_argument(
            "--expires",
            metavar="TIME",
            type=_time,
            help="RFC 3339, such as 2027-01-31T00:00:00Z; default: never",
        )
        listing = actions.add_parser("list", help="show all keys, without the secrets")
        revoke = actions.add_parser("revoke", help="make a key useless at once")
        revoke.add_argument("name", metavar="NAME")
        for action in (create, listing, revoke):
            action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        actions: dict[str, Callable[..., None]] = {
            "create": self._create,
            "list": self._list,
            "revoke": self._revoke,
        }
        try:
            actions[action](**options)
        except keys.ApiKeyError as error:
            raise CommandError(str(error)) from error
        except (django.db.OperationalError, django.db.InterfaceError):
            raise  # a server that is away is explained for all commands alike
        except django.db.Error as error:
            first_line = str(error).partition("\n")[0]
            raise CommandError(f"The database refused: {first_line}") from error

    def _create(
        self,
        *,
        name: str,
        scopes: list[str],
        expires: datetime | None,
        json: bool,
        **options: Any,
    ) -> None:
        created = keys.create(name=name, scopes=scopes, expires_at=expires)
        if json:
            self._print(
                {
                    "name": created.name,
                    "key": created.key,
                    "scopes": created.scopes,
                    "expires_at": _text(created.expires_at),
                }
            )
        else:
            self.stderr.write("This key is shown once; only its hash is kept:")
            self.stdout.write(created.key)

    def _list(self, *, json: bool, **options: Any) -> None:
        rows = [_row(key) for key in keys.all_keys()]
        if json:
            self._print(rows)
            return
        for row in rows:
            state = "revoked" if row["revoked_at"] else "active"
            expires = f"expires {row['expires_at'] or 'never'}"
            used = f"last used {row['last_used_at'] or 'never'}"
            scopes = ",".join(row["scopes"])
            fields = row["name"], row["prefix"], state, scopes, expires, used
            self.stdout.write("  ".join(fields))

    def _revoke(self, *, name: str, json: bool, **options: Any) -> None:
        revoked_at = _text(keys.revoke(name))
        if json:
            self._print({"name": name, "revoked_at": revoked_at})
        else:
            self.stdout.write(f"{name} is revoked since {revoked_at}.")

    def _print(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, ensure_ascii=False))


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "created_at": _text(key.created_at),
        "expires_at": _text(key.expires_at),
        "last_used_at": _text(key.last_used_at),
        "revoked_at": _text(key.revoked_at),
    }


def _text(time: datetime | None) -> str | None:
    return time.isoformat().replace("+00:00", "Z") if time else None


def _time(text: str) -> datetime:
    try:
        return times.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
