"""The projections and reactors of this process: every subclass in an app's folders."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import TypeVar

from django.apps import apps

from projections import errors
from projections.projection import Projection
from projections.reactor import Reactor
from projections.subscriber import Subscriber

PROJECTIONS = "projections"
REACTORS = "reactors"

Kind = TypeVar("Kind", bound=Subscriber)


@cache
def all() -> dict[str, Projection]:
    """Name -> projection, in order of name. Raises ValueError for a name used twice."""
    return _found(Projection, PROJECTIONS)


@cache
def reactors() -> dict[str, Reactor]:
    """Name -> reactor, in order of name. Raises ValueError for a name used twice."""
    found = _found(Reactor, REACTORS)
    if taken := sorted(found.keys() & all().keys()):
        raise ValueError(f"a projection and a reactor are named {taken[0]!r}")
    return found


def get(name: str) -> Projection:
    """Raises UnknownProjection, which names those there are."""
    try:
        return all()[name]
    except KeyError:
        raise errors.UnknownProjection(name=name, known=list(all())) from None


def reactor(name: str) -> Reactor:
    """Raises UnknownReactor, which names those there are."""
    try:
        return reactors()[name]
    except KeyError:
        raise errors.UnknownReactor(name=name, known=list(reactors())) from None


def subscriber(name: str) -> Projection | Reactor:
    """The projection or reactor of a name. Raises UnknownProjection."""
    return reactors().get(name) or get(name)


def _found(kind: type[Kind], folder: str) -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    modules = set(_definitions(folder))
    defined = [each for each in _subclasses(kind) if each.__module__ in modules]
    for each in sorted(defined, key=lambda one: one.name):
        if each.name in found:
            raise ValueError(f"two {folder} are named {each.name!r}")
        found[each.name] = each()
    return found


def _subclasses(kind: type[Kind]) -> Iterator[type[Kind]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)


def _definitions(folder: str) -> Iterator[str]:
    """Imports the modules of every <app>/<folder>/ and names them.

    They are found as Django's admin finds admin.py.
    """
    for config in apps.get_app_configs():
        package = f"{config.name}.{folder}"
        try:
            module = importlib.import_module(package)
        except ModuleNotFoundError as error:
            if error.name == package:
                continue
            raise
        for found in pkgutil.iter_modules(module.__path__):
            name = f"{package}.{found.name}"
            importlib.import_module(name)
            yield name
