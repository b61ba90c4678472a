"""The projections of this process: every subclass in an app's projections/ folder."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache

from django.apps import apps

from projections import errors
from projections.projection import Projection

PACKAGE = "projections"


@cache
def all() -> dict[str, Projection]:
    """Name -> projection, in order of name. Raises ValueError for a name used twice."""
    found: dict[str, Projection] = {}
    modules = set(_definitions())
    for each in sorted(Projection.__subclasses__(), key=lambda one: one.name):
        if each.__module__ not in modules:
            continue
        if each.name in found:
            raise ValueError(f"two projections are named {each.name!r}")
        found[each.name] = each()
    return found


def get(name: str) -> Projection:
    """Raises UnknownProjection, which names those there are."""
    try:
        return all()[name]
    except KeyError:
        raise errors.UnknownProjection(name=name, known=list(all())) from None


def _definitions() -> Iterator[str]:
    """Imports the modules of every <app>/projections/ and names them.

    They are found as Django's admin finds admin.py.
    """
    for config in apps.get_app_configs():
        package = f"{config.name}.{PACKAGE}"
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
