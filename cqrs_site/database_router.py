from typing import Any

from django.apps import apps
from django.conf import settings

from projections import reading

READ = "read"


class ReadSideRouter:
    """Sends the models of read-side apps to the "read" database.

    An app is on the read side when its AppConfig says `database = "read"`. Both
    aliases always exist, with connections of their own; without READ_DATABASE_URL
    they lead to one database, which is then migrated through "default" alone. A query
    may read from a replica instead; see projections/reading.py.
    """

    def db_for_read(self, model: Any, **hints: Any) -> str:
        database = _database_of(model._meta.app_label)
        return reading.alias() if database == READ else database

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return _database_of(model._meta.app_label)

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return _database_of(one._meta.app_label) == _database_of(other._meta.app_label)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        if not settings.READ_DATABASE_IS_SEPARATE:
            return db == "default"
        return db == _database_of(app_label)


def _database_of(app_label: str) -> str:
    return getattr(apps.get_app_config(app_label), "database", "default")
