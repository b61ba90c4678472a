"""JSON pointers (RFC 6901) to the faults that serializers found."""

from collections.abc import Iterator
from typing import Any

from rest_framework.settings import api_settings

UNKNOWN_FIELD = "unknown-field"


def escape(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def flatten(detail: Any, pointer: str = "") -> Iterator[tuple[str, str, str]]:
    """(pointer, code, detail) of every fault in a ValidationError's nested detail."""
    match detail:
        case dict():
            for key, child in detail.items():
                own = key == api_settings.NON_FIELD_ERRORS_KEY and not _unknown(child)
                yield from flatten(
                    child, pointer if own else f"{pointer}/{escape(key)}"
                )
        case list() | tuple():
            for index, child in enumerate(detail):
                # Faults of this very place, or the members of a list with faults.
                nested = isinstance(child, (dict, list))
                yield from flatten(child, f"{pointer}/{index}" if nested else pointer)
        case _:
            code = str(getattr(detail, "code", "invalid")).replace("_", "-")
            yield pointer, code, str(detail)


def _unknown(faults: Any) -> bool:
    """Whether a caller's own member happens to be called like the key for the whole."""
    return isinstance(faults, list) and any(
        getattr(fault, "code", "") == UNKNOWN_FIELD for fault in faults
    )
