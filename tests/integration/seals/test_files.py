"""The log in a file and back: the same events and seals, or nothing and a line."""

import hashlib
import json
from pathlib import Path

import pytest
import zstandard
from django.db import OperationalError, connection

from eventstore import errors, log, settled, store
from eventstore.files import exporting, importing, reading
from eventstore.models import Seal
from eventstore.seals import anchors, sealing, verifying
from tests.integration.eventstore import sessions
from tests.integration.eventstore.clients import Beside
from tests.integration.orders.shop import Shop
from tests.integration.seals import history

TERMINATE = "SELECT pg_terminate_backend(%s)"
ALL = "SELECT e::text FROM {} e ORDER BY 1"
NUMBERS = """
INSERT INTO eventstore_event
    (event_id, stream, version, type, schema_version, occurred_at, data, metadata)
VALUES
    (gen_random_uuid(), E'order-\\n"ü\\u2028', 1, 'Other', 7,
     '1969-12-31 23:59:59.000001Z', %s, '{}'),
    (gen_random_uuid(), 'order-b', 1, 'Other', 1, '0001-01-01Z', '[]', '"a"')
"""
SPECIAL = """{"n": 12.50, "e": 1e30, "tiny": 0.000000000000000000000000000000001,
"big": 123456789012345678901234567890, "t": "\\u2028\\u0001 \\"ü\\"", "o": {}}"""


@pytest.fixture(autouse=True)
def sealed(database: None) -> None:
    history.make()


@pytest.fixture(params=["log.ndjson", "log.ndjson.zst"])
def file(request, tmp_path: Path) -> Path:
    return tmp_path / request.param


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return tmp_path / "log.ndjson"


def rows(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(ALL.format(table))
        return [row for (row,) in cursor.fetchall()]


def everything() -> tuple[list[str], list[str]]:
    return rows("eventstore_event"), rows("eventstore_seal")


@pytest.fixture
def emptied(forger):
    def empty() -> None:
        forger.run("TRUNCATE eventstore_event, eventstore_seal")

    return empty


def test_it_brings_back_every_event_and_seal_as_they_were(
    file, emptied, open_session, tmp_path
):
    """Texts, numbers and times that another program would write differently, too."""
    Shop().confirmed()
    with open_session() as session:
        session.execute(NUMBERS, [SPECIAL])
    sealing.seal_settled()
    history.append(90)
    anchor = tmp_path / "anchor"
    anchors.extend(anchor)
    before, verified = everything(), verifying.verify(anchor=anchor)
    exported = exporting.export(file)
    emptied()
    imported = importing.import_file(file)
    assert everything() == before
    assert verifying.verify(anchor=anchor) == verified
    assert verified.finding is None
    assert verified.unsealed == 1
    assert (imported.events, imported.seals) == (exported.events, exported.seals)
    assert imported.last_position == exported.last_position == store.head()


def test_it_compresses_by_the_name_of_the_file(plain, tmp_path):
    shop = Shop()
    for _ in range(20):
        shop.place()
    compressed = tmp_path / "log.ndjson.zst"
    exporting.export(plain)
    exporting.export(compressed)
    text = zstandard.ZstdDecompressor().stream_reader(compressed.read_bytes()).read()
    head = len(plain.read_bytes().splitlines()[0])
    tail = plain.read_bytes().splitlines()[-1]
    assert text[head:].startswith(plain.read_bytes()[head : -len(tail) - 1])
    assert compressed.stat().st_size < plain.stat().st_size / 2


def test_it_writes_stored_text_as_it_is(plain, open_session):
    with open_session() as session:
        session.execute(NUMBERS, [SPECIAL])
        (stored,) = session.execute(
            "SELECT data::text FROM eventstore_event WHERE schema_version = 7"
        ).fetchone()
    exporting.export(plain)
    assert f'"data":{stored},' in plain.read_text("utf-8")
    assert "12.50" in stored


def test_it_goes_on_as_any_log_after_an_import(plain, emptied, forger):
    exporting.export(plain)
    emptied()
    forger.run("SELECT setval('eventstore_event_position_seq', 4711)")
    before = log.identity()
    imported = importing.import_file(plain)
    history.append(11)
    assert store.head() == 11
    assert settled.position().settled == 11
    assert [each.position for each in store.read_settled(after=9, limit=9)] == [10, 11]
    assert sealing.seal_settled() == 2
    assert verifying.verify().finding is None
    assert log.identity() == log.Identity(before.log_id, before.epoch + 1)
    assert imported.epoch == Seal.objects.get(number=4).epoch == before.epoch + 1


def test_it_takes_over_the_identity_of_the_log_that_was_exported(
    plain, emptied, forger
):
    exported = log.identity()
    exporting.export(plain)
    emptied()
    forger.run("UPDATE eventstore_log SET log_id = gen_random_uuid(), epoch = 7")
    importing.import_file(plain)
    assert log.identity() == log.Identity(exported.log_id, 8)
    assert verifying.verify().finding is None


def test_it_exports_only_what_is_settled(plain, open_session):
    slow = open_session()
    slow.append()
    history.append(12)
    assert exporting.export(plain).last_position == 10
    slow.rollback()


def test_it_exports_from_a_position_on_the_seals_that_cover_only_that(plain):
    found = exporting.export(plain, start=6)
    assert (found.events, found.seals) == (5, 1)
    with pytest.raises(errors.BrokenFile, match="behind position 5: no whole log"):
        importing.import_file(plain)


def test_it_reads_the_rest_of_a_seal_that_began_before(plain):
    """Its two events have no seal in the file; those behind it have theirs."""
    exporting.export(plain, start=6)
    with reading.opened(plain) as file:
        chunks = [
            ([each.position for each in chunk.events], bool(chunk.seal))
            for chunk in file.chunks()
        ]
    assert chunks == [([6, 7], False), ([8, 9], True), ([10], False)]


def test_it_exports_an_empty_log_too(plain, emptied):
    emptied()
    exporting.export(plain)
    assert importing.import_file(plain).events == 0
    history.append(1)
    assert store.head() >= 1


def test_it_writes_envelopes_for_people_that_are_no_log(plain):
    stream = f"order-{Shop().place()}"
    found = exporting.export(plain, readable=True)
    _, *envelopes, trailer = map(json.loads, plain.read_text("utf-8").splitlines())
    assert len(envelopes) == found.events == trailer["events"] == 10
    (placed,) = store.read_stream(stream)
    assert envelopes[-1] == placed.envelope()
    with pytest.raises(errors.BrokenFile, match="--readable"):
        importing.import_file(plain)


def test_it_writes_over_no_file(plain):
    plain.write_text("mine")
    with pytest.raises(FileExistsError):
        exporting.export(plain)
    assert plain.read_text() == "mine"


def test_it_leaves_no_half_of_a_file(plain, tmp_path):
    def stop(position: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exporting.export(plain, tell=stop)
    assert list(tmp_path.iterdir()) == []


def test_it_lets_only_its_owner_read_a_file(plain):
    exporting.export(plain)
    assert plain.stat().st_mode & 0o077 == 0


def test_it_imports_into_an_empty_store_only(plain):
    exporting.export(plain)
    before = everything()
    with pytest.raises(errors.StoreNotEmpty):
        importing.import_file(plain)
    assert everything() == before


def test_it_waits_for_an_append_and_then_refuses(plain, emptied, open_session):
    exporting.export(plain)
    emptied()
    slow = open_session()
    slow.append()
    beside = Beside(lambda: importing.import_file(plain))
    with sessions.opened() as other:
        sessions.wait_for_lock(other(autocommit=True), beside.pid)
    slow.commit()
    with pytest.raises(errors.StoreNotEmpty):
        beside.result()


def changed(line: int, **values: object):
    def change(lines: list[bytes]) -> None:
        lines[line - 1] = _encoded({**json.loads(lines[line - 1]), **values})

    return change


def cut(first: int, last: int | None = None):
    def change(lines: list[bytes]) -> None:
        del lines[first - 1 : last or first]

    return change


def doubled(line: int):
    def change(lines: list[bytes]) -> None:
        lines.insert(line, lines[line - 1])

    return change


def swapped(one: int, other: int):
    def change(lines: list[bytes]) -> None:
        lines[one - 1], lines[other - 1] = lines[other - 1], lines[one - 1]

    return change


def put(line: int, text: bytes):
    def change(lines: list[bytes]) -> None:
        lines.insert(line - 1, text)

    return change


def shortened(lines: list[bytes]) -> None:
    lines[-1] = lines[-1][:20]


def _encoded(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


# Line 1 is the header; 2 to 4 events, 5 their seal; 6 to 8, 9; 10 and 11, 12; 13 the
# event that is not sealed; 14 the trailer.
BROKEN = {
    "event altered": (changed(3, data={"text": "b"}), 3, "position 2 was altered"),
    "event moved": (changed(7, recorded_at="2026-01-01T00:00:00Z"), 7, "was altered"),
    "event removed": (cut(3), 3, "position 2 was removed"),
    "event doubled": (doubled(3), 4, "position 2 follows position 2"),
    "events out of order": (swapped(3, 4), 4, "position 2 follows position 3"),
    "position changed": (changed(6, position=5), 6, "position 4 was removed"),
    "unsealed event altered": (changed(13, version=2), 14, "no seal covers changed"),
    "unsealed event removed": (cut(13), 13, "had 9 events and 3 seals"),
    "seal edited": (changed(9, events=2), 9, "seal 2 was edited"),
    "seal removed": (cut(9), 11, "seal 2 is missing"),
    "signature wrong": (changed(9, signature="AAAA"), 9, "wrong signature"),
    "field missing": (put(3, b'{"line":"event"}\n'), 3, "required field"),
    "field unknown": (changed(3, more=1), 3, "unknown field `more`"),
    "no JSON": (put(4, b"nothing\n"), 4, "malformed"),
    "not UTF-8": (put(4, b'{"line":"\xff"}\n'), 4, "utf-8|UTF-8"),
    "two headers": (doubled(1), 2, "second header"),
    "no header": (cut(1), 1, "does not begin with a header"),
    "unknown format": (changed(1, format=2), 1, "format 2 is unknown"),
    "no trailer": (cut(14), 14, "without its trailer"),
    "half of it": (cut(8, 14), 8, "without its trailer"),
    "half a line": (shortened, 14, "truncated"),
    "more behind it": (doubled(14), 15, "something follows the trailer"),
    "empty": (cut(1, 14), 1, "truncated"),
}


@pytest.mark.parametrize(("change", "line", "fault"), BROKEN.values(), ids=BROKEN)
def test_it_names_the_line_of_a_broken_file_and_stores_nothing(
    change, line, fault, plain, emptied
):
    exporting.export(plain)
    lines = plain.read_bytes().splitlines(keepends=True)
    assert len(lines) == 14
    change(lines)
    plain.write_bytes(b"".join(lines))
    emptied()
    before = log.identity()
    with pytest.raises(errors.BrokenFile, match=fault) as refused:
        importing.import_file(plain)
    assert refused.value.line == line
    assert everything() == ([], [])
    assert log.identity() == before
    history.append(1)


def test_it_names_the_line_that_postgresql_refuses(plain, emptied):
    """A file that is whole and consistent, with an event that no log can have."""
    for number in (21, 22):
        history.append(number)
    exporting.export(plain)
    *lines, _ = plain.read_bytes().splitlines(keepends=True)
    twice = json.loads(lines[-2])["event_id"]
    changed(len(lines), event_id=twice)(lines)
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    trailer = {"line": "trailer", "events": 11, "seals": 3, "sha256": digest}
    plain.write_bytes(b"".join(lines) + _encoded(trailer))
    emptied()
    with pytest.raises(errors.BrokenFile, match="event_id_key") as refused:
        importing.import_file(plain)
    assert refused.value.line == len(lines)
    assert everything() == ([], [])


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_it_notices_that_a_compressed_file_was_cut_off(share, tmp_path, emptied):
    file = tmp_path / "log.zst"
    exporting.export(file)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    emptied()
    with pytest.raises(errors.BrokenFile):
        importing.import_file(file)
    assert everything() == ([], [])


def test_it_refuses_a_log_that_was_tampered_with_before_it_was_exported(
    plain, forger, emptied
):
    forger.run("UPDATE eventstore_event SET data = '{}' WHERE position = 6")
    exporting.export(plain)
    emptied()
    with pytest.raises(errors.BrokenFile, match="position 6 was altered"):
        importing.import_file(plain)


def test_it_refuses_seals_of_a_key_that_nobody_named(plain, settings, emptied):
    exporting.export(plain)
    emptied()
    settings.SEAL_KEY = "A" * 43 + "="
    with pytest.raises(errors.BrokenFile, match="SEAL_PUBLIC_KEYS"):
        importing.import_file(plain)


def test_it_takes_back_the_floor_of_its_own_import(plain, emptied):
    """While it runs nothing is settled; whoever reads meanwhile stays where he is."""
    exporting.export(plain)
    emptied()
    seen = []

    def look(position: int) -> None:
        with sessions.opened() as open_session:
            session = open_session(autocommit=True)
            seen.append(session.value("SELECT settled FROM eventstore_settled()"))

    importing.import_file(plain, tell=look)
    assert set(seen) == {0}
    assert settled.position().settled == 10


def test_it_stores_nothing_when_its_session_is_ended(plain, emptied, open_session):
    exporting.export(plain)
    emptied()
    other = open_session(autocommit=True)
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    with pytest.raises(OperationalError):
        importing.import_file(plain, tell=lambda _: other.execute(TERMINATE, [pid]))
    connection.close()
    assert everything() == ([], [])
    history.append(1)
    assert store.head() == settled.position().settled == 1
