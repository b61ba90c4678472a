"""System checks cqrs_site.E001 to E003: the secrets are there and can be used."""

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

NAMES = ("SECRET_KEY", "DATA_KEY")


@register(Tags.security)
def check_secrets(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    former = ("DATA_KEY_PREVIOUS", settings.DATA_KEY_PREVIOUS)
    public = ("SEAL_PUBLIC_KEYS", settings.SEAL_PUBLIC_KEYS)
    return [
        *_unset(),
        *_wrong_keys("DATA_KEY", settings.DATA_KEY, others=former, id="cqrs_site.E002"),
        *_wrong_keys("SEAL_KEY", settings.SEAL_KEY, others=public, id="cqrs_site.E003"),
    ]


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


def _wrong_keys(
    name: str, key: str, *, others: tuple[str, Sequence[str]], id: str
) -> list[CheckMessage]:
    """Of a secret, and of the variable that lists further keys of its kind."""
    listed, keys = others
    named = [(listed, each) for each in keys]
    if key != configuration.UNSET_SECRET:
        named.append((name, key))
    return [
        Error(
            f"{variable}: each key is {signing.KEY_BYTES} bytes in base64.",
            hint="Make one: openssl rand -base64 32",
            id=id,
        )
        for variable, value in named
        if not signing.is_key(value)
    ]
