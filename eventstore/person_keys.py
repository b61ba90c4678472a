"""A key for each person whose data the log has, in the table eventstore_key.

Who deletes a person's key has forgotten the person: what it encrypted can never be read
again, wherever a copy of the log is. Its id is random and never used again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connections

from eventstore import master_keys

FIND = """
SELECT subject, key_id, wrapped
FROM eventstore_key
WHERE subject = ANY(%s)
"""
# In order of the subjects: two that make the same keys wait, never in a ring.
MAKE = """
INSERT INTO eventstore_key (key_id, subject, wrapped, master, created_at)
SELECT x.key_id, x.subject, x.wrapped, %s, clock_timestamp()
FROM unnest(%s::text[], %s::text[], %s::bytea[]) AS x (key_id, subject, wrapped)
ORDER BY x.subject
ON CONFLICT (subject) DO NOTHING
"""

# Waits for appends that hold it.
DELETE = """
DELETE FROM eventstore_key
WHERE subject = %s
"""


@dataclass(frozen=True, slots=True)
class Key:
    """wrapped: as stored, just read: the key is there as long as its row is."""

    id: str
    wrapped: bytes

    def cipher(self) -> AESGCM:
        """Raises WrongDataKey."""
        return master_keys.unwrap(self.wrapped, key_id=self.id)


def find_or_make(
    subjects: Collection[str], *, using: str = "default"
) -> Mapping[str, Key]:
    """The keys of these subjects (names of streams), however many in three statements.

    One that is forgotten in between has none. A key may go at any time: who encrypts
    with it locks its row before it stores what it encrypted.
    """
    found = _find(subjects, using)
    missing = sorted(set(subjects) - found.keys())
    if not missing:
        return found
    _make(missing, using)
    return found | _find(missing, using)


def exists(subject: str, *, using: str = "default") -> bool:
    """Whether there is anything encrypted that can still be read."""
    return bool(_find([subject], using))


def delete(subject: str, *, using: str = "default") -> None:
    """Makes all unreadable that the subject's key encrypted, when this commits."""
    with connections[using].cursor() as cursor:
        cursor.execute(DELETE, [subject])


def _find(subjects: Collection[str], using: str) -> dict[str, Key]:
    with connections[using].cursor() as cursor:
        cursor.execute(FIND, [list(subjects)])
        return {
            subject: Key(key_id, bytes(wrapped))
            for subject, key_id, wrapped in cursor.fetchall()
        }


def _make(subjects: Sequence[str], using: str) -> None:
    ids = [str(uuid4()) for _ in subjects]
    wrapped = [
        master_keys.wrap(AESGCM.generate_key(bit_length=256), key_id=key_id)
        for key_id in ids
    ]
    master = master_keys.known()[0].fingerprint
    parameters: list[Any] = [master, ids, list(subjects), wrapped]
    with connections[using].cursor() as cursor:
        cursor.execute(MAKE, parameters)
