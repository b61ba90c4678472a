"""A program does not start on a log that has events which its code cannot read."""

import subprocess
import sys
from collections.abc import Callable
from uuid import uuid4

import pytest

from cqrs_site import celery
from eventstore import stored_types
from tests.integration.eventstore import sessions
from tests.servers import ROOT

INSERT = """
INSERT INTO eventstore_event
    (event_id, stream, version, type, schema_version, occurred_at, data, metadata)
SELECT gen_random_uuid(), %s, n, %s, %s, now(), '{}', '{}'
FROM generate_series(1, %s) AS n
"""
NEVER_CONNECTS = "postgres://none@127.0.0.1:1/none"
FORGETFUL = """
from eventstore import upcasting
chain = upcasting.chain
upcasting.chain = lambda name, upcasters, newest: chain(name, (), newest=newest)
"""

Insert = Callable[..., None]


@pytest.fixture
def insert(database: None) -> Insert:
    """Stores events of a type and schema version as versions 1 … count of a stream."""

    def insert(
        type: str, schema_version: int, *, stream: str = "order", count: int = 1
    ) -> None:
        with sessions.opened() as open_session:
            open_session(autocommit=True).execute(
                INSERT, [f"{stream}-{uuid4()}", type, schema_version, count]
            )

    return insert


def found() -> list[tuple[str, str]]:
    checked = stored_types.check_stored_types(databases=["default"])
    return [(each.id or "", each.msg) for each in checked]


def test_it_finds_nothing_in_an_empty_log(database: None) -> None:
    assert found() == []


def test_it_finds_nothing_in_events_of_any_version_that_is_known(
    insert: Insert,
) -> None:
    insert("OrderPlaced", 1)
    insert("OrderPlaced", 2)
    insert("NoteAdded", 1, count=200)
    insert("AccountOpened", 1, stream="account")
    assert found() == []


def test_it_names_what_this_code_cannot_read(insert: Insert) -> None:
    insert("OrderPlaced", 3)
    insert("OrderPlaced", 1, count=200)  # by code that was taken back
    insert("LineRenamed", 1)
    insert("NoteAdded", 1)
    assert found() == [
        (
            "eventstore.E008",
            "order: events LineRenamed of schema version 1 are stored, but no event "
            "type has this name or had it before.",
        ),
        (
            "eventstore.E008",
            "order: events OrderPlaced of schema version 3 are stored, but this code "
            "knows versions 1 to 2 only.",
        ),
    ]


def test_it_sees_what_was_written_last(insert: Insert) -> None:
    insert("NoteAdded", 1, count=200)
    insert("NoteAdded", 2)
    ((_, text),) = found()
    assert "NoteAdded of schema version 2" in text


def test_it_warns_of_streams_that_nobody_reads(insert: Insert) -> None:
    insert("NoteAdded", 1, stream="parcel")
    ((id, text),) = found()
    assert id == "eventstore.W001"
    assert "parcel-…" in text


def test_it_ends_a_worker(insert: Insert) -> None:
    celery.refuse_a_log_without_guards()
    insert("OrderPlaced", 3)
    with pytest.raises(SystemExit, match="OrderPlaced of schema version 3"):
        celery.refuse_a_log_without_guards()


def start_web(
    environment: dict[str, str], before: str = ""
) -> subprocess.CompletedProcess[str]:
    """Loads the application as a server of web requests does."""
    return subprocess.run(
        [sys.executable, "-c", f"{before}\nimport cqrs_site.wsgi"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_ends_a_web_process(
    insert: Insert, process_environment: dict[str, str]
) -> None:
    insert("OrderPlaced", 1)
    started = start_web(process_environment)
    assert started.returncode == 0, started.stderr
    insert("OrderPlaced", 3)
    refused = start_web(process_environment)
    assert refused.returncode == 1
    assert "OrderPlaced of schema version 3 are stored" in refused.stderr
    assert "an upcaster from 2 to 3" in refused.stderr


def test_it_ends_what_lacks_an_upcaster(process_environment: dict[str, str]) -> None:
    refused = start_web(process_environment, FORGETFUL)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].endswith(
        "order: OrderPlaced is at schema version 2, but no upcaster leads from 1 to 2"
    )


def test_it_lets_the_web_start_without_its_database(
    process_environment: dict[str, str],
) -> None:
    started = start_web({**process_environment, "DATABASE_URL": NEVER_CONNECTS})
    assert started.returncode == 0, started.stderr
    assert "without a look at the stored events" in started.stderr
