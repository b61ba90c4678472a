"""Query parameters: what is unknown, empty or said twice is refused, never ignored."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ParamSpec, TypeVar, cast

from rest_framework.request import Request

from api import problems
from api.problems import Fault, Problem

PAGING = {"limit", "cursor"}

Given = ParamSpec("Given")
Value = TypeVar("Value")


class Reading:
    """Calls what reads parameters, and keeps the faults that it raises as `invalid`."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def __call__(
        self,
        read: Callable[Given, Value],
        /,
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Value:
        """What `read` returns; it means nothing before every_fault() has ended."""
        try:
            return read(*args, **kwargs)
        except Problem as problem:
            if problem.code != problems.INVALID:
                raise
            known = {each.pointer for each in self.faults}
            self.faults += [
                each for each in problem.errors if each.pointer not in known
            ]
            return cast("Value", None)


@contextmanager
def every_fault() -> Iterator[Reading]:
    """Reads within the block; at its end raises one Problem 422 with all faults.

    Of each parameter those are told that were found first.
    """
    reading = Reading()
    yield reading
    if reading.faults:
        raise problems.invalid(reading.faults)


def check(
    request: Request, *, known: Collection[str], repeatable: Collection[str] = ()
) -> None:
    """Raises Problem 422 with every fault.

    A misspelt filter must not silently show everything, nor one of two values win.
    """
    faults = []
    for name, values in request.query_params.lists():
        if name not in known:
            told = ("unknown-parameter", "There is no such parameter.")
        elif "" in values:
            told = ("blank", "A parameter that is given needs a value.")
        elif len(values) > 1 and name not in repeatable:
            told = ("repeated-parameter", "This parameter may be given once.")
        else:
            continue
        faults.append(Fault(f"/{name}", *told))
    if faults:
        raise problems.invalid(faults)


def choice(request: Request, name: str, allowed: Sequence[str], default: str) -> str:
    """The value of a parameter that takes one of some words. Raises Problem 422."""
    value = request.query_params.get(name, default)
    if value not in allowed:
        detail = f"Expected one of: {', '.join(allowed)}."
        raise problems.invalid([Fault(f"/{name}", "unknown-choice", detail)])
    return value


def flag(request: Request, name: str) -> bool:
    """Whether a parameter is given as true. Raises Problem 422."""
    return choice(request, name, ("true", "false"), "false") == "true"


def whole_number(
    request: Request, name: str, *, default: int, lowest: int, highest: int
) -> int:
    """The value of a parameter that takes a whole number. Raises Problem 422."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdecimal() and len(text) <= len(str(highest)):
        number = int(text)
        if lowest <= number <= highest:
            return number
    detail = f"Expected a whole number from {lowest} to {highest}."
    raise problems.invalid([Fault(f"/{name}", "out-of-range", detail)])


def refuse_faults(errors: Mapping[str, Sequence[str]]) -> None:
    """Raises Problem 422 for the faults that a filter's form found, if any."""
    faults = [
        Fault(f"/{name}", "invalid", str(text))
        for name, texts in errors.items()
        for text in texts
    ]
    if faults:
        raise problems.invalid(faults)
