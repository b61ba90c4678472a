"""The Health page in one look, which ends in time whatever is away."""

import threading
import time
from functools import partial

from django.conf import settings

from monitoring.system import (
    bounded,
    postgres,
    promises,
    queues,
    redis_servers,
    versions,
)
from monitoring.system.bounded import Look
from monitoring.system.findings import Section
from projections import replicas

# A page that is asked for in trouble must come. Above the time-outs of connecting.
SECONDS = 3.0
KEPT_S = 5.0

_lock = threading.Lock()
_lately: tuple[float, list[Section]] | None = None


def lately(*, seconds: float = KEPT_S) -> list[Section]:
    """As `report`, or what this process found at most so many seconds ago: pages that
    are open ask again and again.
    """
    global _lately
    with _lock:
        if _lately is None or time.monotonic() - _lately[0] > seconds:
            found = report()
            _lately = time.monotonic(), found
        return _lately[1]


def report(*, seconds: float = SECONDS) -> list[Section]:
    """Every section in the order of the page, after `seconds` at most. Never raises.

    Keys: postgres, postgres-read (where it is another server), postgres-replica_N,
    redis, queues, migrations, projections, checks, seals, programs.
    """
    looks = {**_servers(), **_promises()}
    found = bounded.all(
        {key: look for key, (_, look) in looks.items()}, seconds=seconds
    )
    return [
        Section(key=key, title=title, findings=found[key])
        for key, (title, _) in looks.items()
    ]


def _servers() -> dict[str, tuple[str, Look]]:
    looks: dict[str, tuple[str, Look]] = {
        "postgres": ("PostgreSQL", partial(postgres.look, "default"))
    }
    if settings.READ_DATABASE_IS_SEPARATE:
        looks["postgres-read"] = (
            "PostgreSQL of the read tables",
            partial(postgres.look, "read"),
        )
    for alias in replicas.aliases():
        title = f"PostgreSQL, {alias.replace('_', ' ')}"
        looks[f"postgres-{alias}"] = title, partial(postgres.look, alias)
    looks["redis"] = "Redis", redis_servers.look
    looks["queues"] = "Queues", queues.look
    return looks


def _promises() -> dict[str, tuple[str, Look]]:
    return {
        "migrations": ("Migrations", versions.migrations),
        "projections": ("Versions of projections", versions.projections),
        "checks": ("Checks", promises.checks),
        "seals": ("Seals", promises.seals),
        "programs": ("Versions", versions.programs),
    }
