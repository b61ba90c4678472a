"""P4: seals that were edited, removed or made by somebody else are found, too."""

import base64
import os
from pathlib import Path

import pytest

from eventstore import errors
from eventstore.models import Seal
from eventstore.seals import anchors, chain, marks, sealing, signing, verifying
from tests.integration.seals import history
from tests.integration.seals.test_tampering import found

EDITS = {
    "log_id": "gen_random_uuid()",
    "epoch": "epoch + 1",
    "first_position": "first_position + 1",
    "last_position": "last_position - 1",
    "events": "events - 1",
    "marks": "overlay(marks placing '\\x00'::bytea from 9)",
    "previous": "sha256(previous)",
    "digest": "sha256(digest)",
    "public_key": "sha256(public_key)",
    "signature": "signature || signature",
    "sealed_at": "sealed_at + interval '1 microsecond'",
    "algorithm": "2",
}
CHANGE = "UPDATE eventstore_event SET data = '{}' WHERE position = 2"


@pytest.fixture(autouse=True)
def sealed(database: None) -> None:
    history.make()


@pytest.mark.parametrize("column", EDITS)
def test_it_finds_a_seal_that_was_edited(column, forger):
    forger.run(
        f"UPDATE eventstore_seal SET {column} = {EDITS[column]} WHERE number = 2"
    )
    position, kind, seal = found()
    assert (position, seal) == (4, 2)
    assert kind in {"seal edited", "signature wrong"}


def test_it_knows_of_every_column_what_an_edit_would_look_like():
    columns = {field.column for field in Seal._meta.fields}
    assert columns == {*EDITS, "number"}


def test_it_finds_a_seal_that_was_renumbered(forger):
    forger.run("UPDATE eventstore_seal SET number = 9 WHERE number = 3")
    assert found() == (8, "seal missing", 9)


@pytest.mark.parametrize(("number", "position"), [(1, 1), (2, 4)])
def test_it_finds_that_a_seal_was_removed(number, position, forger):
    forger.run("DELETE FROM eventstore_seal WHERE number = %s", [number])
    assert found() == (position, "seal missing", number + 1)


def seal_anew() -> None:
    """All of it, as the sealer would have."""
    while sealing.seal_settled(events=3):
        pass


def test_it_finds_hashes_that_were_made_anew_without_the_key(forger, settings):
    """Everything is consistent, down to the chain; only the key is another one."""
    right = settings.SEAL_KEY
    forger.run(CHANGE)
    forger.run("DELETE FROM eventstore_seal")
    settings.SEAL_KEY = base64.b64encode(os.urandom(32)).decode()
    seal_anew()
    assert found() is None
    settings.SEAL_KEY = right
    assert found() == (1, "key unknown", 1)


def test_it_finds_hashes_that_were_made_anew_under_the_old_signature(forger):
    forger.run(CHANGE)
    seal = Seal.objects.get(number=1)
    seal.marks = marks.read(after=0, up_to=3)
    forger.run(
        "UPDATE eventstore_seal SET marks = %s, digest = %s WHERE number = 1",
        [seal.marks, chain.digest(seal)],
    )
    assert found() == (1, "signature wrong", 1)


def test_it_finds_a_right_seal_that_does_not_follow_the_one_before(forger):
    """Made by the key's owner for another history."""
    seal = Seal.objects.get(number=2)
    seal.previous = bytes(32)
    seal.digest = chain.digest(seal)
    forger.run(
        "UPDATE eventstore_seal SET previous = %s, digest = %s, signature = %s "
        "WHERE number = 2",
        [seal.previous, seal.digest, signing.sign(seal.digest)],
    )
    assert found() == (4, "chain broken", 2)


def test_it_takes_the_seals_of_former_keys_that_are_named(settings):
    former = signing.written(signing.own_public_key())
    settings.SEAL_KEY = base64.b64encode(os.urandom(32)).decode()
    assert sealing.seal_settled() == 1
    assert found() == (1, "key unknown", 1)
    settings.SEAL_PUBLIC_KEYS = [former]
    assert found() is None


def test_it_verifies_with_public_keys_alone(settings):
    settings.SEAL_PUBLIC_KEYS = [signing.written(signing.own_public_key())]
    settings.SEAL_KEY = "unset"
    assert found() is None
    with pytest.raises(errors.NoSealKey):
        sealing.seal_settled()


def test_it_verifies_nothing_without_any_key(settings):
    settings.SEAL_KEY = "unset"
    with pytest.raises(errors.NoSealKey):
        verifying.verify()


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    path = tmp_path / "anchor"
    assert anchors.extend(path) == 3
    return path


def test_it_finds_nothing_that_differs_from_its_anchor(anchor):
    assert found(anchor=anchor) is None


def test_it_finds_by_the_anchor_what_the_keys_owner_made_anew(forger, anchor):
    """An attacker with the database and the key: nothing else can tell."""
    forger.run("UPDATE eventstore_event SET data = '{}' WHERE position = 6")
    forger.run("DELETE FROM eventstore_seal WHERE number >= 2")
    seal_anew()
    assert found() is None
    assert found(anchor=anchor) == (4, "seal replaced", 2)
    with pytest.raises(errors.BrokenFile, match=r"line 3: seal 3 .* was made anew"):
        anchors.extend(anchor)


def test_it_finds_by_the_anchor_that_the_log_has_lost_its_end(forger, anchor):
    forger.run("DELETE FROM eventstore_seal WHERE number = 3")
    forger.run("DELETE FROM eventstore_event WHERE position >= 8")
    assert found() is None
    assert found(anchor=anchor) == (8, "seal missing", 3)


def test_it_says_that_a_restored_log_goes_on_in_another_epoch(forger, anchor):
    forger.run("DELETE FROM eventstore_seal WHERE number = 3")
    forger.run("DELETE FROM eventstore_event WHERE position >= 9")
    forger.run("UPDATE eventstore_log SET epoch = 2")
    sealing.seal_settled()
    assert found() is None
    finding = verifying.verify(anchor=anchor).finding
    assert (finding.position, finding.kind) == (8, "seal replaced")
    assert "since epoch 2 the log goes on differently" in finding.text


def test_it_only_appends_to_the_anchor(anchor):
    before = anchor.read_bytes()
    assert anchors.extend(anchor) == 0
    assert anchor.read_bytes() == before
    assert sealing.seal_settled() == 1
    assert anchors.extend(anchor) == 1
    assert anchor.read_bytes().startswith(before)
    assert found(anchor=anchor) is None


@pytest.mark.parametrize("damage", [b"{", b"nothing\n", b'{"number": 1}\n'])
def test_it_names_the_line_of_an_anchor_that_is_damaged(anchor, damage):
    with anchor.open("ab") as file:
        file.write(damage)
    with pytest.raises(errors.BrokenFile, match="line 4"):
        verifying.verify(anchor=anchor)
