"""Old sealed events in files that were checked; the log keeps everything."""

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cqrs_site import configuration
from eventstore import errors, store
from eventstore.files import archiving, reading
from eventstore.seals import sealing
from tests.integration.seals import history

RECORDED = """
UPDATE eventstore_event
SET recorded_at = recorded_at - make_interval(days => %s)
WHERE position <= %s
"""
FIRST = "events-000000000000001-000000000000009.ndjson.zst"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def sealed(database: None) -> None:
    history.make()


def archived(folder: Path, **ago: float) -> archiving.Archived:
    return archiving.archive(folder, before=timezone.now() - timedelta(**ago))


def positions(path: Path) -> list[int]:
    with reading.opened(path) as file:
        return [each.position for chunk in file.chunks() for each in chunk.events]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_writes_what_is_sealed_and_deletes_nothing(sealed, folder):
    found = archived(folder)
    assert names(folder) == [FIRST]
    assert (found.path, found.events, found.seals) == (folder / FIRST, 8, 3)
    assert positions(folder / FIRST) == [1, 2, 3, 4, 6, 7, 8, 9]
    assert len(store.read_settled(after=0, limit=99)) == 9


def test_it_goes_on_behind_what_is_archived(sealed, folder):
    archived(folder)
    assert archived(folder).path is None
    history.append(11)
    sealing.seal_settled()
    found = archived(folder)
    assert (found.events, found.up_to) == (2, 11)
    assert positions(found.path) == [10, 11]
    assert len(names(folder)) == 2


def test_it_leaves_what_was_recorded_later(database, folder, forger):
    """A range is as old as its newest event, not as its seal."""
    for number in range(1, 7):
        history.append(number)
    forger.run(RECORDED, [10, 5])
    sealing.seal_settled(events=2)
    found = archived(folder, days=3)
    assert (found.events, found.up_to) == (4, 4)
    assert archived(folder, days=11).path is None


def test_it_writes_nothing_of_a_log_without_seals(database, folder):
    history.append(1)
    assert archived(folder) == archiving.Archived(path=None, events=0, seals=0, up_to=0)


def test_it_keeps_no_file_of_events_that_were_changed(sealed, folder, forger):
    forger.run("DELETE FROM eventstore_event WHERE position = 6")
    with pytest.raises(errors.BrokenFile, match="position 6 was removed"):
        archived(folder)
    assert names(folder) == []


def test_it_keeps_no_file_without_a_seal_that_was_removed(sealed, folder, forger):
    forger.run("DELETE FROM eventstore_seal WHERE number = 2")
    with pytest.raises(errors.BrokenFile):
        archived(folder)
    assert names(folder) == []


def test_it_begins_again_where_a_run_was_killed(sealed, folder):
    folder.mkdir()
    for left in (f"unchecked-{FIRST}", f"unchecked-{FIRST}.partial"):
        (folder / left).write_text("half of it")
    archived(folder)
    assert names(folder) == [FIRST]


def test_it_refuses_a_folder_that_lacks_a_file(sealed, folder):
    archived(folder)
    history.append(11)
    sealing.seal_settled()
    archived(folder)
    (folder / FIRST).unlink()
    with pytest.raises(errors.BrokenFile, match="is missing: positions 1 to 9"):
        archived(folder)


def test_it_refuses_a_folder_of_another_log(sealed, folder, forger):
    archived(folder)
    forger.run("UPDATE eventstore_log SET log_id = gen_random_uuid()")
    with pytest.raises(errors.BrokenFile, match="of another log"):
        archived(folder)


def manage(*arguments: str) -> str:
    out = io.StringIO()
    call_command("event_store", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def retain(settings, days: int) -> None:
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={"CQRS__COMMAND_SIDE__EVENT_STORE__RETENTION_DAYS": str(days)},
    )


def test_it_archives_what_is_older_than_the_configured_days(
    database, folder, forger, settings
):
    history.append(1)
    forger.run(RECORDED, [10, 1])
    sealing.seal_settled()
    retain(settings, 11)
    assert manage("archive", "--to", str(folder)).splitlines()[1] == (
        f"{folder} has the log up to position 0; nothing was deleted"
    )
    retain(settings, 9)
    assert manage("archive", "--to", str(folder)).startswith(
        "1 events in 1 seals are checked in "
    )


def test_it_archives_what_was_recorded_before_a_time(sealed, folder):
    tomorrow = f"{timezone.now() + timedelta(days=1):%Y-%m-%d}"
    arguments = ("archive", "--to", str(folder), "--before", tomorrow, "--json")
    found = json.loads(manage(*arguments))
    assert (found["events"], found["path"]) == (8, str(folder / FIRST))
    assert json.loads(manage(*arguments))["path"] is None


@pytest.mark.parametrize("text", ["soon", "2026-02-30"])
def test_it_refuses_a_time_that_is_none(text, database, folder):
    with pytest.raises(CommandError, match="is no time"):
        manage("archive", "--to", str(folder), "--before", text)


def test_it_exports_and_imports_by_command(sealed, tmp_path, forger):
    file = str(tmp_path / "log.ndjson.zst")
    assert manage("export", file) == (
        f"9 events and 3 seals up to position 10 are in {file}\n"
    )
    with pytest.raises(CommandError, match="there is a file of this name"):
        manage("export", file)
    with pytest.raises(CommandError, match="the log has events"):
        manage("import", file)
    forger.run("TRUNCATE eventstore_event, eventstore_seal")
    assert manage("import", file).startswith("9 events and 3 seals are imported")
    assert "8 events in 3 seals are as they were sealed" in manage("verify")
    with pytest.raises(CommandError, match="No such file"):
        manage("import", str(tmp_path / "none"))
    with pytest.raises(CommandError, match="the first position is 1"):
        manage("export", "--from", "0", file)
