"""What the endpoints for operators share: scopes, refusals, answers."""

from typing import Any, ClassVar, NoReturn

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from projections import audit, documents, errors
from projections.models import Operation
from projections.web import callers, refusals

READ = ("ops:read",)
WRITE = ("ops:write",)


class Endpoint(APIView):
    """action: the word by which the audit knows a POST."""

    required_scopes: ClassVar = {"GET": READ, "POST": WRITE}
    action: ClassVar[str] = ""

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, errors.ProjectionError):
            exc = refusals.from_error(exc)
        return super().handle_exception(exc)

    def permission_denied(
        self, request: Request, message: str | None = None, code: str | None = None
    ) -> NoReturn:
        """A POST without the scope does not come to the door: it is noted here."""
        known = request.auth is not None or request.user.is_authenticated
        if request.method == "POST" and known:
            place = dict(self.kwargs)
            audit.refused(
                self.action,
                place.pop("name", ""),
                actor=callers.actor(request),
                detail=message or "",
                **place,
            )
        super().permission_denied(request, message, code)


def began(operation: Operation) -> Response:
    """202: workers go on with it; Location says where to look."""
    return Response(
        documents.operation(operation),
        status=202,
        headers={"Location": location(operation)},
    )


def location(operation: Operation) -> str:
    return reverse("ops-operation", kwargs={"id": operation.pk})


def asked(request: Request, values: dict[str, Any]) -> dict[str, Any]:
    """What every function of the door wants to know, beside the values of the body."""
    reason = values.pop("reason", "")
    return {**values, "actor": callers.actor(request), "reason": reason}
