"""The register of what the API says where it does not do what was asked.

Each package registers its own codes at start. The OpenAPI document, the reference and
the page that a problem's `type` points to are made from it, so none can be forgotten.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A problem's code. when: what has happened; then: what a client does about it."""

    name: str
    status: int
    when: str
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCode:
    """The code of one of the `errors` of an `invalid` request."""

    name: str
    when: str


_codes: dict[str, Code] = {}
_faults: dict[str, FaultCode] = {}


def register(*codes: Code, faults: Sequence[FaultCode] = ()) -> None:
    """Raises ValueError for a name that is registered with another meaning."""
    for each in codes:
        if _codes.setdefault(each.name, each) != each:
            raise ValueError(f"the code {each.name} is registered already")
    for fault in faults:
        if _faults.setdefault(fault.name, fault) != fault:
            raise ValueError(f"the fault {fault.name} is registered already")


def registered() -> list[Code]:
    """By status, then by name."""
    return sorted(_codes.values(), key=lambda each: (each.status, each.name))


def registered_faults() -> list[FaultCode]:
    return sorted(_faults.values(), key=lambda each: each.name)


def get(name: str) -> Code:
    """Raises KeyError for a code that nobody registered."""
    return _codes[name]
