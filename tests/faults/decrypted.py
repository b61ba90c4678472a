"""Stored events with their personal texts: none of our code decrypts here."""

import base64
import json
import os
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# Columns for a SELECT on eventstore_event; `data` takes them in this order.
COLUMNS = """event_id, data::text, metadata ->> 'encrypted', metadata ->> 'key_id',
    (SELECT wrapped FROM eventstore_key k WHERE k.key_id = metadata ->> 'key_id')"""


def data(
    event_id: UUID,
    text: str,
    encrypted: str | None,
    key_id: str | None,
    wrapped: bytes | None,
) -> dict:
    """The event's data; as it is stored where the key is gone."""
    found = json.loads(text)
    if wrapped is None:
        return found
    master = base64.b64decode(os.environ["DATA_KEY"])
    key = _opened(master, wrapped, key_id.encode())
    stored = base64.b64decode(encrypted.removeprefix("1."))
    for path, value in json.loads(_opened(key, stored, event_id.bytes)).items():
        *parents, last = path.split(".")
        place = found
        for each in parents:
            place = place[each]
        place[last] = value
    return found


def _opened(key: bytes, stored: bytes, bound_to: bytes) -> bytes:
    return AESGCM(key).decrypt(stored[:12], stored[12:], bound_to)
