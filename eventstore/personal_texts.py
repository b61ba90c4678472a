"""Personal texts of an event: taken out of its data, encrypted beside it, put back.

In the data stands `[forgotten]` in their place, for whoever has no key: so a stored
event is always one of its schema, and to forget a person nothing has to be rewritten.
"""

import base64
import os
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct, structs

from eventstore import errors
from eventstore.master_keys import NONCE_BYTES

FORGOTTEN = "[forgotten]"
# Members of an event's metadata; clients never see them.
KEY_ID = "key_id"
ENCRYPTED = "encrypted"
_FORMAT = "1."  # of ENCRYPTED: base64 of the nonce and the encrypted JSON {path: text}

# By the path to each in the data, such as "shipping_address.name": the texts.
Texts = Mapping[str, str]


def take(
    data: Struct, *, personal: Collection[str], lasting: Collection[str]
) -> tuple[Struct, Texts]:
    """The data with `[forgotten]` for every text in its personal fields, and those.

    lasting: paths within them that stay. A field that is absent or null stays so.
    Raises TypeError for a personal field that is neither text, struct nor list.
    """
    texts: dict[str, str] = {}
    changes = {
        name: _taken(getattr(data, name), name, lasting, texts) for name in personal
    }
    return (structs.replace(data, **changes) if texts else data), texts


def _taken(
    value: Any, path: str, lasting: Collection[str], texts: dict[str, str]
) -> Any:
    if value is None or value == FORGOTTEN or path in lasting:
        return value
    if isinstance(value, str):
        texts[path] = value
        return FORGOTTEN
    if isinstance(value, Struct):
        parts = {
            name: _taken(getattr(value, name), f"{path}.{name}", lasting, texts)
            for name in value.__struct_fields__
        }
        return structs.replace(value, **parts)
    if isinstance(value, list | tuple):
        return type(value)(
            _taken(each, f"{path}.{place}", lasting, texts)
            for place, each in enumerate(value)
        )
    raise TypeError(f"{path}: a {type(value).__name__} cannot be personal")


def put(data: dict[str, Any], texts: Texts) -> None:
    """Puts texts back into data as JSON has them."""
    for path, text in texts.items():
        *parents, last = path.split(".")
        place: Any = data
        for each in parents:
            place = place[_step(place, each)]
        place[_step(place, last)] = text


def _step(place: Any, name: str) -> str | int:
    return int(name) if isinstance(place, list) else name


def encrypt(texts: Texts, cipher: AESGCM, *, event_id: UUID) -> str:
    """For ENCRYPTED; bound to the event, so that it cannot be moved to another one."""
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = cipher.encrypt(nonce, msgspec.json.encode(texts), event_id.bytes)
    return _FORMAT + base64.b64encode(nonce + ciphertext).decode()


def decrypt(encrypted: str, cipher: AESGCM, *, event_id: UUID) -> Texts:
    """Raises UnreadableTexts for what `encrypt` has not made with this key."""
    try:
        if not encrypted.startswith(_FORMAT):
            raise ValueError("a format that newer code writes")
        stored = base64.b64decode(encrypted.removeprefix(_FORMAT), validate=True)
        nonce, ciphertext = stored[:NONCE_BYTES], stored[NONCE_BYTES:]
        found = cipher.decrypt(nonce, ciphertext, event_id.bytes)
        return msgspec.json.decode(found, type=dict[str, str])
    except (InvalidTag, ValueError) as error:
        raise errors.UnreadableTexts(
            f"the personal texts of event {event_id} cannot be decrypted: "
            f"{type(error).__name__} {error}"
        ) from error
