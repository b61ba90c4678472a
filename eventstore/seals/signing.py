"""The keys of seals: Ed25519, from outside the database.

Who has SEAL_KEY can seal. Who checks needs public keys only: those are named by
SEAL_PUBLIC_KEYS, also the ones that SEAL_KEY had before.
"""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from django.conf import settings

from eventstore import errors

KEY_BYTES = 32


def sign(digest: bytes) -> bytes:
    """64 bytes. Raises NoSealKey."""
    return _own().sign(digest)


def own_public_key() -> bytes:
    """The public half of SEAL_KEY, 32 bytes. Raises NoSealKey."""
    return _own().public_key().public_bytes_raw()


def trusted() -> frozenset[bytes]:
    """The public keys whose seals count. Raises NoSealKey where there are none."""
    keys = {_decoded(text) for text in settings.SEAL_PUBLIC_KEYS}
    if not keys or _is_set():
        keys.add(own_public_key())
    return frozenset(keys)


def is_right(digest: bytes, *, signature: bytes, public_key: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, digest)
    except (InvalidSignature, ValueError):
        return False
    return True


def written(public_key: bytes) -> str:
    """As SEAL_PUBLIC_KEYS takes it."""
    return base64.b64encode(public_key).decode()


def is_key(text: str) -> bool:
    """Whether it is 32 bytes in base64."""
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _own() -> Ed25519PrivateKey:
    if not _is_set():
        raise errors.NoSealKey("SEAL_KEY is not set: without it nothing is sealed")
    return Ed25519PrivateKey.from_private_bytes(_decoded(settings.SEAL_KEY))


def _is_set() -> bool:
    return is_key(settings.SEAL_KEY)


def _decoded(text: str) -> bytes:
    return base64.b64decode(text)
