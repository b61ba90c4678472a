"""Scopes: each view says in `required_scopes` what each of its methods needs."""

import logging
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from api import authentication

logger = logging.getLogger(__name__)


class HasScope(BasePermission):
    """Lets a caller in that holds every scope named for the method.

    Views declare e.g. `required_scopes = {"POST": ("orders:write",)}`. A method without
    a declaration is refused; the system check api.E001 finds such a view at start.
    """

    message = "This view is closed."
    code = "forbidden"

    def has_permission(self, request: Request, view: Any) -> bool:
        method = request.method or ""
        if request.user.is_anonymous and request.auth is None:
            return False
        if method == "OPTIONS" or not hasattr(view, method.lower()):
            return True  # open to every client: the answer is 200 or 405
        needed = required_scopes(view, method)
        if needed is None:
            logger.error("%s declares no scopes for %s", type(view).__name__, method)
            return False
        missing = [s for s in needed if s not in authentication.scopes(request)]
        if missing:
            self.code = "wrong-scope"
            self.message = f"This needs the scope {' and '.join(missing)}."
        return not missing


def required_scopes(view: Any, method: str) -> tuple[str, ...] | None:
    """What `view`, a view or its class, declares for the method; None: nothing."""
    declared: dict[str, tuple[str, ...]] = getattr(view, "required_scopes", {})
    return declared.get("GET" if method == "HEAD" else method)
