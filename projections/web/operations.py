"""GET /api/v1/ops/operations…, and POST …/operations/{id}/cancel."""

from rest_framework.request import Request
from rest_framework.response import Response

from api import parameters
from projections import control, documents, operations
from projections.models import Operation
from projections.web import bodies, endpoint, filters, lists, schema
from projections.web.endpoint import Endpoint


class OperationList(Endpoint):
    @schema.list_operations()
    def get(self, request: Request) -> Response:
        return lists.answer(
            request,
            Operation.objects.all(),
            filters=filters.OperationFilter,
            document=documents.operation,
        )


class OperationDetail(Endpoint):
    @schema.get_operation()
    def get(self, request: Request, id: int) -> Response:
        parameters.check(request, known=())
        return Response(documents.operation(operations.get(id)))


class OperationCancel(Endpoint):
    action = "cancel"

    @schema.cancel_operation()
    def post(self, request: Request, id: int) -> Response:
        values = bodies.GivenReasonSerializer().run_validation(request.data)
        operation = control.cancel_operation(id, **endpoint.asked(request, values))
        return Response(documents.operation(operation))
