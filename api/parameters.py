"""Query parameters: unknown ones are refused, filters are told apart by their faults."""

from collections.abc import Mapping, Sequence

from rest_framework.request import Request

from api import problems

PAGING = {"limit", "cursor"}


def refuse_unknown(request: Request, known: set[str]) -> None:
    """Raises Problem 422: a misspelt filter must not silently show everything."""
    faults = [
        problems.Fault(f"/{name}", "unknown-parameter", "There is no such parameter.")
        for name in request.query_params
        if name not in known
    ]
    if faults:
        raise problems.invalid(faults)


def choice(request: Request, name: str, allowed: Sequence[str], default: str) -> str:
    """The value of a parameter that takes one of some words. Raises Problem 422."""
    value = request.query_params.get(name, default)
    if value not in allowed:
        detail = f"Expected one of: {', '.join(allowed)}."
        raise problems.invalid([problems.Fault(f"/{name}", "unknown-choice", detail)])
    return value


def refuse_faults(errors: Mapping[str, Sequence[str]]) -> None:
    """Raises Problem 422 for the faults that a filter's form found, if there are any."""
    faults = [
        problems.Fault(f"/{name}", "invalid", str(text))
        for name, texts in errors.items()
        for text in texts
    ]
    if faults:
        raise problems.invalid(faults)
