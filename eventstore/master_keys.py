"""The keys from outside the database, DATA_KEY, that wrap the keys of persons.

DATA_KEY wraps; those of DATA_KEY_PREVIOUS only unwrap, until all is wrapped anew.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from eventstore import errors

KEY_BYTES = 32
NONCE_BYTES = 12
# Unwrapped keys that a process remembers, by their wrapped bytes: who has these in
# hand has just read them. Some 2 MB.
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Master:
    """fingerprint: tells which key it is, and nothing about it."""

    fingerprint: str
    key: bytes


def known() -> Sequence[Master]:
    """The one that wraps, and behind it the former ones. Raises WrongDataKey."""
    return _known(settings.DATA_KEY, tuple(settings.DATA_KEY_PREVIOUS))


def wrap(key: bytes, *, key_id: str) -> bytes:
    """A person's key, readable by DATA_KEY alone and under this id alone."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(known()[0].key).encrypt(nonce, key, key_id.encode())


def unwrap(wrapped: bytes, *, key_id: str) -> AESGCM:
    """What encrypts and decrypts with the wrapped key. Raises WrongDataKey."""
    return _unwrap(tuple(known()), key_id, wrapped)


def rewrap(wrapped: bytes, *, key_id: str) -> bytes:
    """The same key, wrapped by DATA_KEY. Raises WrongDataKey."""
    return wrap(_opened(known(), key_id, wrapped), key_id=key_id)


@lru_cache(maxsize=REMEMBERED)
def _unwrap(masters: Sequence[Master], key_id: str, wrapped: bytes) -> AESGCM:
    return AESGCM(_opened(masters, key_id, wrapped))


def _opened(masters: Sequence[Master], key_id: str, wrapped: bytes) -> bytes:
    nonce, ciphertext = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
    for master in masters:
        try:
            return AESGCM(master.key).decrypt(nonce, ciphertext, key_id.encode())
        except InvalidTag:
            continue
    raise errors.WrongDataKey(
        "a person's key was wrapped by another DATA_KEY than this one; a former "
        "DATA_KEY goes into DATA_KEY_PREVIOUS"
    )


@cache
def _known(current: str, previous: tuple[str, ...]) -> Sequence[Master]:
    return tuple(_master(text) for text in (current, *previous))


def _master(text: str) -> Master:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise errors.WrongDataKey(f"DATA_KEY is not {KEY_BYTES} bytes in base64")
    return Master(hashlib.sha256(b"master key\n" + key).hexdigest()[:16], key)
