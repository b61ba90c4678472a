"""What the log and the engine refuse, as problems."""

from collections.abc import Iterator
from contextlib import contextmanager

import eventstore.errors
from api import problems
from api.problems import Fault, Problem
from projections import errors

# Any other refusal is one of the state that things are in: 409.
STATUSES: dict[type[errors.ProjectionError], int] = {
    errors.UnknownProjection: 404,
    errors.UnknownOperation: 404,
    errors.UnknownDeadLetter: 404,
    errors.NotPermitted: 403,
}
# Faults of one member of the body.
POINTERS: dict[type[errors.ProjectionError], str] = {
    errors.MissingReason: "/reason",
    errors.ReasonTooLong: "/reason",
    errors.WrongPartitions: "/partitions",
    errors.WrongSelection: "/projection",
}


def from_error(error: errors.ProjectionError) -> Problem:
    if pointer := POINTERS.get(type(error)):
        return problems.invalid([Fault(pointer, error.code, str(error))])
    status = STATUSES.get(type(error), 409)
    return Problem(status=status, code=error.code, detail=str(error))


@contextmanager
def as_problems() -> Iterator[None]:
    """Raises Problem for what the log refuses of a command."""
    try:
        yield
    except eventstore.errors.VersionMismatch as mismatch:
        raise from_mismatch(mismatch) from mismatch
    except eventstore.errors.VersionConflict as conflict:
        raise from_conflict(conflict) from conflict


def from_mismatch(mismatch: eventstore.errors.VersionMismatch) -> Problem:
    """If-Match named another version than the stream has."""
    named = _kind(mismatch.stream)
    return Problem(
        status=412,
        code="version-mismatch",
        detail=f"The {named} is at version {mismatch.actual}, not {mismatch.expected}.",
        headers={"ETag": f'"{mismatch.actual}"'} if mismatch.actual else None,
        members={"expected": mismatch.expected, "actual": mismatch.actual},
    )


def from_conflict(conflict: eventstore.errors.VersionConflict) -> Problem:
    kind, attempts = _kind(conflict.stream), conflict.attempts
    return Problem(
        status=409,
        code="version-conflict",
        detail=f"The {kind} changed during {attempts} attempts. Try again.",
        members={"attempts": attempts},
    )


def _kind(stream: str) -> str:
    """The stream's type, in words."""
    return stream.partition("-")[0].replace("_", " ")
