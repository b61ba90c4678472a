"""System checks cqrs_site.E001 to E003: the secrets are there and can be used."""

import base64
import binascii
import logging
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import InterfaceError, OperationalError, connections

from cqrs_site import configuration
from eventstore import rewrapping, stored_types
from eventstore.seals import signing

logger = logging.getLogger(__name__)

DATA_KEY_BYTES = 32
NAMES = ("SECRET_KEY", "DATA_KEY")


@register(Tags.security)
def check_secrets(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    return [*_unset(), *_wrong_data_key(), *_wrong_seal_keys()]


def unreadable_events() -> list[CheckMessage]:
    """Serious findings about events in the log; none while the database is away.

    A web process starts without its database: /health/ready tells that it is away.
    """
    try:
        found = [
            *stored_types.check_stored_types(databases=["default"]),
            *rewrapping.check_masters(databases=["default"]),
        ]
    except (OperationalError, InterfaceError) as error:
        logger.warning("started without a look at the stored events: %s", error)
        return []
    finally:
        connections["default"].close()  # not for a process that is forked from here
    return [each for each in found if each.is_serious()]


def _unset() -> list[CheckMessage]:
    # With embedded servers `up` makes the secrets; before it ran nothing is served.
    if settings.DEBUG or (settings.EMBEDDED_POSTGRES and settings.EMBEDDED_REDIS):
        return []
    # Who has public keys of seals verifies them, and may leave sealing to others.
    needed = [*NAMES] if settings.SEAL_PUBLIC_KEYS else [*NAMES, "SEAL_KEY"]
    return [
        Error(
            f"{name} is not set.",
            hint=f"Set {name}, or {name}_FILE to the path of a file that holds it.",
            id="cqrs_site.E001",
        )
        for name in needed
        if getattr(settings, name) == configuration.UNSET_SECRET
    ]


def _wrong_data_key() -> list[CheckMessage]:
    named = [("DATA_KEY_PREVIOUS", each) for each in settings.DATA_KEY_PREVIOUS]
    if settings.DATA_KEY != configuration.UNSET_SECRET:
        named.append(("DATA_KEY", settings.DATA_KEY))
    return [
        Error(
            f"{name} is not {DATA_KEY_BYTES} bytes in base64.",
            hint="Make one: openssl rand -base64 32",
            id="cqrs_site.E002",
        )
        for name, value in named
        if not _is_data_key(value)
    ]


def _is_data_key(value: str) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == DATA_KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _wrong_seal_keys() -> list[CheckMessage]:
    named = [("SEAL_PUBLIC_KEYS", each) for each in settings.SEAL_PUBLIC_KEYS]
    if settings.SEAL_KEY != configuration.UNSET_SECRET:
        named.append(("SEAL_KEY", settings.SEAL_KEY))
    return [
        Error(
            f"{name}: each key is {signing.KEY_BYTES} bytes in base64.",
            hint="Make a SEAL_KEY: openssl rand -base64 32",
            id="cqrs_site.E003",
        )
        for name, key in named
        if not signing.is_key(key)
    ]
