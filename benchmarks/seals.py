"""A log of 1,000,000 events sealed, verified, exported, imported.

`python -m benchmarks.seals [--events N]`. On servers of its own; events of one order
in five, as small as most are.
"""

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import own_servers

FILL = """
INSERT INTO eventstore_event
    (event_id, stream, version, type, schema_version, occurred_at, data, metadata)
SELECT
    gen_random_uuid(),
    'order-' || md5((n / 5)::text)::uuid,
    n %% 5 + 1,
    'Measured' || n %% 5,
    1,
    clock_timestamp(),
    jsonb_build_object(
        'customer_id', 'customer-' || n %% 1000,
        'currency', 'EUR',
        'lines', (SELECT jsonb_agg(jsonb_build_object(
            'line_id', l, 'sku', 'SKU-' || (n * l) %% 4000, 'name', 'Product ' || n * l,
            'quantity', 2, 'unit_price', '9.50'
        )) FROM generate_series(1, CASE n %% 5 WHEN 0 THEN 3 ELSE 1 END) l)
    ),
    jsonb_build_object(
        'actor', 'benchmark',
        'command_id', gen_random_uuid(),
        'correlation_id', gen_random_uuid(),
        'customer_id', 'customer-' || n %% 1000
    )
FROM generate_series(%s, %s) n
"""
FILLED_AT_ONCE = 50_000
SIZES = """
SELECT pg_total_relation_size('eventstore_event'),
       pg_total_relation_size('eventstore_seal')
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    events = parser.parse_args().events
    with own_servers.opened() as folder:
        _run(events, folder)


def _run(events: int, folder: Path) -> None:
    from django.db import connection

    from eventstore.files import exporting, importing
    from eventstore.seals import verifying

    file = folder / "log.ndjson.zst"
    _timed("filled", events, lambda: _fill(events))
    _timed("sealed", events, _seal)
    with connection.cursor() as cursor:
        cursor.execute(SIZES)
        log, seals = cursor.fetchone()
    print(f"log {log / 1e6:,.0f} MB with its indexes, seals {seals / 1e6:,.0f} MB")
    _timed("verified", events, _verify)
    _timed("exported", events, lambda: exporting.export(file))
    print(f"the file has {file.stat().st_size / 1e6:,.0f} MB")
    _empty()
    _timed("imported", events, lambda: importing.import_file(file))
    assert verifying.verify().finding is None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"this process took at most {peak:,.0f} MB of memory")


def _timed(what: str, events: int, work: Callable[[], object]) -> None:
    began = time.monotonic()
    work()
    seconds = time.monotonic() - began
    print(f"{what} in {seconds:,.1f} s: {events / seconds:,.0f} events/s", flush=True)


def _fill(events: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for first in range(0, events, FILLED_AT_ONCE):
            last = min(first + FILLED_AT_ONCE, events) - 1
            cursor.execute(FILL, [first, last])
        cursor.execute("ANALYZE eventstore_event")


def _seal() -> None:
    from eventstore.seals import sealing

    while sealing.seal_settled():
        pass


def _verify() -> None:
    from eventstore.seals import verifying

    report = verifying.verify()
    assert report.finding is None
    assert report.unsealed == 0


def _empty() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for table in ("eventstore_event", "eventstore_seal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("TRUNCATE eventstore_event, eventstore_seal")
        cursor.execute(
            """
            SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tgrelid::regclass,
                          tgname)
            FROM pg_trigger
            WHERE NOT tgisinternal
              AND tgrelid IN ('eventstore_event'::regclass, 'eventstore_seal'::regclass)
            """
        )
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)


if __name__ == "__main__":
    main()
