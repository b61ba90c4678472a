"""Which code runs, and whether tables and migrations are as it wants them."""

import platform
from importlib.metadata import version

from django.conf import settings
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from eventstore import counted
from monitoring.system.findings import Finding
from projections import checkpoints, registry

SHOWN = {
    "Django": "django",
    "Django REST framework": "djangorestframework",
    "Celery": "celery",
    "psycopg": "psycopg",
    "redis client": "redis",
}


def programs() -> list[Finding]:
    """Of this process; the servers say theirs themselves."""
    return [
        Finding(name="Python", value=platform.python_version()),
        *(Finding(name=name, value=version(each)) for name, each in SHOWN.items()),
    ]


def projections() -> list[Finding]:
    """Those whose live tables are of another version than this code, or one for all."""
    code = {name: each.version for name, each in registry.all().items()}
    code |= {name: each.version for name, each in registry.reactors().items()}
    found = [
        _other_version(name, live[0].version, code[name])
        for name, live in checkpoints.live_of(code).items()
        if live[0].version != code[name]
    ]
    return found or [Finding(name="versions of projections", value="as deployed")]


def _other_version(name: str, live: int, code: int) -> Finding:
    newer = f"This code has version {code}: a rebuild brings it, and begins by itself."
    older = f"This code is older, of version {code}: it does not keep these tables."
    return Finding(
        name=name,
        value=f"version {live}",
        state="careful",
        sentence=newer if code > live else older,
    )


def migrations() -> list[Finding]:
    """How many are pending, by database."""
    is_apart = settings.READ_DATABASE_IS_SEPARATE
    return [
        _pending(each) for each in (["default", "read"] if is_apart else ["default"])
    ]


def _pending(alias: str) -> Finding:
    executor = MigrationExecutor(connections[alias])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    said = f"Run manage.py migrate --database {alias}."
    return Finding(
        name=f"migrations of {alias}",
        value=f"{counted.of(len(plan), 'migration')} pending"
        if plan
        else "all applied",
        state="bad" if plan else "good",
        sentence=said if plan else "",
    )
