"""Creates, verifies and revokes API keys: `cqrs_<prefix>_<secret>`.

The secret has 256 random bits, so one plain SHA-256 is enough to store it by. Keys are
looked up in the database on each request, so that revocation works at once everywhere;
only while it is away those that were verified lately are remembered.
"""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from api import remembered_keys
from api.models import ApiKey
from api.problems import DATABASE_AWAY

# One write a minute and key at most, however many requests it makes.
LAST_USED_RESOLUTION = timedelta(minutes=1)
_KEY = re.compile(r"cqrs_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}")
_PREFIX_LETTERS = string.ascii_lowercase + string.digits


class ApiKeyError(Exception):
    """A key cannot be created or revoked as asked; the text says why."""


class WrongName(ApiKeyError):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__("A name has 1 to 64 characters, no control characters.")


class NameTaken(ApiKeyError):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is a key named {name!r} already.")


class UnknownName(ApiKeyError):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is no key named {name!r}.")


class WrongScopes(ApiKeyError):
    def __init__(self, scopes: Iterable[str]) -> None:
        self.scopes = tuple(scopes)
        self.allowed = tuple(settings.API_SCOPES)
        wrong = ", ".join(map(repr, self.scopes))
        start = f"Unknown scope {wrong}." if wrong else "A key needs a scope."
        super().__init__(f"{start} Allowed are: {', '.join(self.allowed)}.")


class AlreadyExpired(ApiKeyError):
    def __init__(self, expires_at: datetime) -> None:
        self.expires_at = expires_at
        super().__init__(f"The expiry {expires_at.isoformat()} is in the past.")


@dataclass(frozen=True, kw_only=True)
class CreatedKey:
    """`key` is the whole text, known at this moment only."""

    key: str
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class VerifiedKey:
    name: str
    prefix: str
    scopes: frozenset[str]


_memory: remembered_keys.Memory[VerifiedKey] = remembered_keys.Memory()


def create(
    *, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> CreatedKey:
    """A new key; scopes in the order of settings.API_SCOPES. Raises ApiKeyError."""
    asked = set(scopes)
    check(name=name, scopes=asked, expires_at=expires_at)
    granted = tuple(scope for scope in settings.API_SCOPES if scope in asked)
    prefix = "".join(secrets.choice(_PREFIX_LETTERS) for _ in range(8))
    key = f"cqrs_{prefix}_{secrets.token_urlsafe(32)}"
    try:
        with transaction.atomic():
            ApiKey.objects.create(
                name=name,
                prefix=prefix,
                key_hash=_hash(key),
                scopes=list(granted),
                expires_at=expires_at,
            )
    except IntegrityError as error:
        if ApiKey.objects.filter(name=name).exists():
            raise NameTaken(name) from error
        raise
    return CreatedKey(key=key, name=name, scopes=granted, expires_at=expires_at)


def check(*, name: str, scopes: Iterable[str], expires_at: datetime | None) -> None:
    """Raises ApiKeyError unless `create` would take these, but for a name taken."""
    asked = set(scopes)
    if not _NAME.fullmatch(name) or not name.strip():
        raise WrongName(name)
    unknown = sorted(asked - set(settings.API_SCOPES))
    if unknown or not asked:
        raise WrongScopes(unknown)
    if expires_at is not None and expires_at <= timezone.now():
        raise AlreadyExpired(expires_at)


def verify(text: str) -> VerifiedKey | None:
    """The key's name and scopes; None if it is unknown, expired or revoked.

    While the database is away a key that was verified lately is taken as it was.
    """
    if not (match := _KEY.fullmatch(text)):
        return None
    key_hash = _hash(text)
    try:
        return _verify(match[1], key_hash)
    except DATABASE_AWAY:
        if remembered := _memory.find(key_hash):
            return remembered
        raise


def _verify(prefix: str, key_hash: str) -> VerifiedKey | None:
    row = ApiKey.objects.filter(prefix=prefix).first()
    if row is None or not hmac.compare_digest(row.key_hash, key_hash):
        _memory.forget(key_hash)
        return None
    now = timezone.now()
    if row.revoked_at or (row.expires_at and row.expires_at <= now):
        _memory.forget(key_hash)
        return None
    verified = VerifiedKey(
        name=row.name, prefix=row.prefix, scopes=frozenset(row.scopes)
    )
    _memory.remember(key_hash, verified, expires_at=row.expires_at)
    _note_use(row, now)
    return verified


def revoke(name: str) -> datetime:
    """When it was revoked: now, or earlier if it was already. Raises UnknownName."""
    open_keys = ApiKey.objects.filter(name=name, revoked_at=None)
    open_keys.update(revoked_at=timezone.now())
    revoked_at = (
        ApiKey.objects.filter(name=name).values_list("revoked_at", flat=True).first()
    )
    if revoked_at is None:
        raise UnknownName(name)
    return revoked_at


def all_keys() -> QuerySet[ApiKey]:
    return ApiKey.objects.order_by("created_at", "id")


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _note_use(row: ApiKey, now: datetime) -> None:
    before = now - LAST_USED_RESOLUTION
    if row.last_used_at is not None and row.last_used_at > before:
        return
    # The condition again: of many requests at once, one writes.
    stale = Q(last_used_at=None) | Q(last_used_at__lte=before)
    ApiKey.objects.filter(stale, pk=row.pk).update(last_used_at=now)
