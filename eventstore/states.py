"""A state as bytes for a snapshot, and which code such bytes belong to.

The one place where stored states are written and read. What came from encrypted events
is encrypted with the same key, the state as a whole.
"""

import hashlib
import os
from functools import cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag

from eventstore.master_keys import NONCE_BYTES
from eventstore.person_keys import Key
from eventstore.streams import StreamType

_encoder = msgspec.json.Encoder(decimal_format="string")


class UnreadableState(Exception):
    """Stored bytes are no state of the type; the text says where."""


def encode(state: Any, *, key: Key | None = None, stream: str = "") -> bytes:
    """JSON in UTF-8; with a key encrypted, bound to the stream. Raises WrongDataKey."""
    encoded = _encoder.encode(state)
    if key is None:
        return encoded
    nonce = os.urandom(NONCE_BYTES)
    return nonce + key.cipher().encrypt(nonce, encoded, stream.encode())


def decode(
    stored: bytes, stream_type: StreamType, *, key: Key | None = None, stream: str = ""
) -> Any:
    """The state that `encode` was given. Raises UnreadableState, WrongDataKey."""
    struct: Any = stream_type.state
    try:
        if key:
            nonce, ciphertext = stored[:NONCE_BYTES], stored[NONCE_BYTES:]
            stored = key.cipher().decrypt(nonce, ciphertext, stream.encode())
        return _decoder(struct).decode(stored)
    except InvalidTag as error:
        raise UnreadableState("it cannot be decrypted") from error
    except (ValueError, msgspec.DecodeError) as error:
        raise UnreadableState(str(error)) from error


def fingerprint(stream_type: StreamType) -> str:
    """The code that folds the type's streams: another one means another state.

    The declared state version, and a hash over the schemas of the state and of all
    events: a field that is added to an event may have been left out of older states.
    """
    struct: Any = stream_type.state
    events = tuple(
        (each.name, each.schema_version, each.struct) for each in stream_type.events
    )
    schemas = _schemas(struct, events)
    return f"{stream_type.state_version}.{schemas}"


@cache
def _decoder(state: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(state)


@cache
def _schemas(state: type[Any], events: tuple[tuple[str, int, type[Any]], ...]) -> str:
    described = [
        msgspec.json.schema(state),
        [
            (name, number, msgspec.json.schema(struct))
            for name, number, struct in events
        ],
    ]
    text = msgspec.json.encode(described, order="deterministic")
    return hashlib.sha256(text).hexdigest()[:32]
