"""System check api.E001: no view of the API without the scopes it needs."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver

from api import permissions

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@register(Tags.security)
def check_scopes(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    return [
        Error(f"{view.__module__}.{view.__name__}: {fault}", id="api.E001")
        for view in _views(get_resolver().url_patterns)
        if permissions.HasScope in view.permission_classes
        for fault in faults(view)
    ]


def faults(view: Any) -> Iterator[str]:
    """One sentence for each method whose scopes are missing or unknown."""
    for method in METHODS:
        if not hasattr(view, method.lower()):
            continue
        scopes = permissions.required_scopes(view, method)
        if scopes is None:
            yield f"required_scopes says nothing about {method}"
        elif unknown := set(scopes) - set(settings.API_SCOPES):
            yield f"{method} needs {sorted(unknown)}, which API_SCOPES lacks"


def _views(patterns: Sequence[URLPattern | URLResolver]) -> Iterator[Any]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns)
        elif hasattr(pattern.callback, "cls"):
            yield pattern.callback.cls
