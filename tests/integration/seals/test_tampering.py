"""P4: whatever a superuser does to sealed history is found, and its place is named."""

import pytest
from django.db import connection

from eventstore.seals import sealing, verifying
from tests.integration.seals import history

OTHERS = {
    "event_id": "gen_random_uuid()",
    "stream": "stream || 'x'",
    "version": "version + 1",
    "type": "'NoteAddedToo'",
    "schema_version": "schema_version + 1",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "occurred_at": "occurred_at - interval '1 microsecond'",
    "data": """'{"text": "another"}'""",
    "metadata": "'{}'",
}


@pytest.fixture(autouse=True)
def sealed(database: None) -> None:
    history.make()


def found(**options) -> tuple[int, str, int] | None:
    finding = verifying.verify(**options).finding
    return finding and (finding.position, finding.kind, finding.seal)


def test_it_finds_nothing_in_a_log_that_nobody_touched():
    report = verifying.verify()
    assert report.finding is None
    assert (report.seals, report.events, report.last_position) == (3, 8, 9)
    assert report.unsealed == 1


def test_it_tells_all_columns_of_the_table_apart():
    """A column that is added has to be sealed and exported, too."""
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(
            cursor, "eventstore_event"
        )
    assert {each.name for each in columns} == {*OTHERS, "position"}


@pytest.mark.parametrize("column", OTHERS)
@pytest.mark.parametrize("position", [1, 3, 6, 9])
def test_it_names_an_event_that_was_altered(column, position, forger):
    forger.run(
        f"UPDATE eventstore_event SET {column} = {OTHERS[column]} WHERE position = %s",
        [position],
    )
    seal = next(n for n, (_, last) in enumerate(history.RANGES, 1) if position <= last)
    assert found() == (position, "altered", seal)


def test_it_sees_a_number_that_is_only_written_differently(forger):
    """As jsonb keeps it; a comparison of numbers would take them for one."""
    data = "UPDATE eventstore_event SET data = '{\"n\": %s}' WHERE position = 10"
    forger.run(data % "1.50")
    assert found() is None
    sealing.seal_settled()
    forger.run(data % "1.5")
    assert found() == (10, "altered", 4)


@pytest.mark.parametrize("value", ["'infinity'", "'-infinity'", "'0044-03-15 BC'"])
def test_it_reads_times_that_no_calendar_of_python_has(value, forger):
    forger.run(f"UPDATE eventstore_event SET occurred_at = {value} WHERE position = 2")
    assert found() == (2, "altered", 1)


def test_it_sees_a_column_that_was_emptied_by_force(forger):
    forger.run("ALTER TABLE eventstore_event ALTER COLUMN metadata DROP NOT NULL")
    try:
        forger.run("UPDATE eventstore_event SET metadata = NULL WHERE position = 2")
        assert found() == (2, "altered", 1)
    finally:
        forger.run("UPDATE eventstore_event SET metadata = '{}' WHERE position = 2")
        forger.run("ALTER TABLE eventstore_event ALTER COLUMN metadata SET NOT NULL")


@pytest.mark.parametrize("position", [1, 2, 3, 4, 9])
def test_it_names_an_event_that_was_removed(position, forger):
    """The last of a seal, and of all, among them."""
    forger.run("DELETE FROM eventstore_event WHERE position = %s", [position])
    assert found()[:2] == (position, "removed")


@pytest.mark.parametrize("position", [history.HOLE, 0, -7])
def test_it_names_an_event_that_was_inserted(position, forger):
    """In a hole that a rolled back append has left, and before the first event."""
    forger.insert(position)
    assert found()[:2] == (position, "inserted")


def test_it_names_an_event_that_was_inserted_between_two_seals(forger, open_session):
    """In a hole behind the last event of one and before the first of the next."""
    sealing.seal_settled()
    failing = open_session()
    hole = failing.append()
    failing.rollback()
    history.append(12)
    sealing.seal_settled()
    forger.insert(hole)
    assert found() == (hole, "inserted", 5)


def test_it_names_an_event_that_was_put_in_the_place_of_another(forger):
    forger.run("DELETE FROM eventstore_event WHERE position = 3")
    forger.insert(3)
    assert found() == (3, "altered", 1)


def test_it_names_the_first_of_two_swapped_events(forger):
    forger.swap(2, 8)
    assert found() == (2, "altered", 1)


def test_it_names_the_first_of_two_events_with_swapped_data(forger):
    forger.run(
        """
        UPDATE eventstore_event e
        SET data = other.data, metadata = other.metadata
        FROM eventstore_event other
        WHERE (e.position, other.position) IN ((6, 9), (9, 6))
        """
    )
    assert found() == (6, "altered", 2)


def test_it_names_the_first_of_many_and_goes_on_from_where_it_is_told(forger):
    forger.run("DELETE FROM eventstore_event WHERE position IN (2, 3, 6)")
    assert found() == (2, "removed", 1)
    assert found(start=3) == (3, "removed", 1)
    assert found(start=4) == (6, "removed", 2)
    assert found(start=7) is None


def test_it_says_nothing_about_events_that_are_not_sealed_yet(forger):
    forger.run("DELETE FROM eventstore_event WHERE position = 10")
    report = verifying.verify()
    assert (report.finding, report.unsealed) == (None, 0)
