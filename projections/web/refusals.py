"""What the engine refuses, as problems."""

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
}


def from_error(error: errors.ProjectionError) -> Problem:
    if pointer := POINTERS.get(type(error)):
        return problems.invalid([Fault(pointer, error.code, str(error))])
    status = STATUSES.get(type(error), 409)
    return Problem(status=status, code=error.code, detail=str(error))
