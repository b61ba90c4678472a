"""No search reads more than a bounded piece of 200,000 events, whatever it asks for."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from eventstore.search import bounding, finding, query
from tests import cleaning

EVENTS = 200_000
# Rows that one node of a plan may read: the window, and what a customer has of streams.
MOST_READ = finding.WINDOW + 2_000
FILL = """
INSERT INTO eventstore_event
    (event_id, stream, version, type, schema_version, occurred_at, data, metadata)
SELECT md5(n::text)::uuid, 'order-' || md5((n / 10)::text)::uuid, n %% 10 + 1,
       (ARRAY['OrderPlaced', 'NoteAdded', 'LineAdded', 'OrderConfirmed'])[n %% 4 + 1],
       1, now(), jsonb_build_object('text', n::text),
       jsonb_build_object(
           'command_id', n::text, 'actor', 'a' || n %% 1000, 'customer_id',
           CASE WHEN n %% 2 = 0 OR n / 10 %% 2 = 0 THEN 'big' ELSE 'c' || n / 10 END,
           'correlation_id', CASE WHEN n %% 3 = 0 THEN 'import' ELSE 'r' || n END
       ) || CASE WHEN n %% 7 = 0 THEN jsonb_build_object('causation_id', 'e' || n / 70)
            ELSE '{}' END
FROM generate_series(0, %s - 1) n
"""
SEARCHES = [
    "",
    "type:OrderPlaced",
    "type:OrderPlaced type:NoteAdded",
    "type:NoSuchType",
    "type:OrderPlaced actor:nobody",
    "actor:nobody",
    "version:999",
    "data.text:nothing",
    "correlation:import",
    "correlation:import actor:nobody",
    "correlation:none",
    "causation:e17",
    "causation:none",
    "customer:c1001",
    "customer:none",
    "order-0",
    "order-",
    "nothing",
    "order-c4ca4238-a0b9-2382-0dcc-509a6f75849b",
    "c4ca4238-a0b9-2382-0dcc-509a6f75849b",
    "order:c4ca4238-a0b9-2382-0dcc-509a6f75849b",
    "position:100",
    "after:5m",
    "before:5m",
    "after:100000 before:150000 actor:nobody",
    "type:LineAdded before:1000",
    "id:c4ca4238-a0b9-2382-0dcc-509a6f75849b actor:nobody",
]


@pytest.fixture(scope="module")
def long_log(
    pristine_database: cleaning.Pristine, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    with django_db_blocker.unblock():
        cleaning.clean(pristine_database)
        with connection.cursor() as cursor:
            cursor.execute(FILL, [EVENTS])
            cursor.execute("ANALYZE eventstore_event")
        yield
        cleaning.clean(pristine_database)
        cleaning.close_connections()


@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.parametrize("text", SEARCHES)
def test_it_reads_a_bounded_piece_of_a_long_log_for(
    long_log: None, django_db_blocker: DjangoDbBlocker, text: str, newer: bool
) -> None:
    with django_db_blocker.unblock():
        asked = query.parse(text, now=timezone.now())
        with CaptureQueriesContext(connection) as done:
            found = finding.find(
                asked, may_see_payload=True, newer_than=0 if newer else None
            )
        assert "stopped" not in found.why
        for each in done.captured_queries:
            if "eventstore_event" in each["sql"]:
                for node in _nodes(_plan(each["sql"])):
                    assert _read(node) <= MOST_READ, (node["Node Type"], each["sql"])


def _plan(sql: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        for name, value in bounding.SETTINGS.items():
            cursor.execute(f"SET {name} = {value}")
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT json) {sql}")
        (plan,) = cursor.fetchone()
        for name in bounding.SETTINGS:
            cursor.execute(f"RESET {name}")
    plans = json.loads(plan) if isinstance(plan, str) else plan
    found: dict[str, Any] = plans[0]["Plan"]
    return found


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)


def _read(node: dict[str, Any]) -> float:
    removed = node.get("Rows Removed by Filter", 0)
    removed += node.get("Rows Removed by Index Recheck", 0)
    rows: float = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return rows
