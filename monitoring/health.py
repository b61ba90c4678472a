"""Health for load balancers: alive, ready, and how the projections stand."""

import redis
from django.conf import settings
from django.core.checks import run_checks
from django.db import DatabaseError, InterfaceError, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from eventstore import redis_client
from projections import status

REDIS_TIMEOUT_S = 0.2

# Whether this process has once been ready: migrations and the log's guards are looked
# at until then. A database that goes away afterwards degrades, it does not take the
# web process out: cached reads are still answered.
_was_ready = False


@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all; touches nothing."""
    return JsonResponse({"status": "live"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """200 `ready`, or `degraded` with reasons; 503 at start and with ?strict=1."""
    global _was_ready
    reasons = _database_reasons(first=not _was_ready)
    if not reasons:
        _was_ready = True
    takes_out = bool(reasons) and (not _was_ready or "strict" in request.GET)
    reasons += _redis_reasons()
    word = "unavailable" if takes_out else "degraded" if reasons else "ready"
    return JsonResponse(
        {"status": word, "reasons": reasons}, status=503 if takes_out else 200
    )


@require_safe
@never_cache
def projections(request: HttpRequest) -> JsonResponse:
    """How each projection stands; 503 when one is stalled or faulted."""
    try:
        found = status.all()
    except (DatabaseError, InterfaceError) as error:
        return JsonResponse(
            {"status": "unavailable", "reasons": [_line(error)]}, status=503
        )
    stuck = [each.name for each in found if each.state in {"stalled", "faulted"}]
    shown = [_for_anybody(each) for each in found]
    return JsonResponse(
        {"status": "stuck" if stuck else "ok", "projections": shown},
        status=503 if stuck else 200,
    )


def _database_reasons(*, first: bool) -> list[str]:
    try:
        for alias in connections:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1")
        return _start_reasons() if first else []
    except (DatabaseError, InterfaceError) as error:
        return [f"database: {_line(error)}"]


def _start_reasons() -> list[str]:
    aliases = ["default", "read"] if settings.READ_DATABASE_IS_SEPARATE else ["default"]
    for alias in aliases:
        executor = MigrationExecutor(connections[alias])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return [f"migrations are pending: manage.py migrate --database {alias}"]
    found = run_checks(databases=["default"])
    return [f"{each.id}: {each.msg}" for each in found if each.is_serious()]


def _redis_reasons() -> list[str]:
    try:
        with redis_client.connect(timeout_s=REDIS_TIMEOUT_S) as client:
            client.ping()
    except redis.RedisError as error:
        return [f"redis: {_line(error)}"]
    return []


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else repr(error)


def _for_anybody(found: status.Status) -> dict[str, object]:
    """Without what may quote events or rows."""
    shown = found.as_json()
    del shown["last_traceback"], shown["last_check_failure"]
    return shown
