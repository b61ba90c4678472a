"""GET /api/v1/ops/projections…, and POST …/projections/{name}/{word}."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from api import parameters
from projections import documents, operations, status
from projections.web import endpoint, schema
from projections.web.actions import Action
from projections.web.endpoint import Endpoint


class ProjectionList(Endpoint):
    """All projections: there are few, so the list has one page."""

    @schema.list_projections()
    def get(self, request: Request) -> Response:
        parameters.check(request, known=())
        return Response(
            {"data": [each.as_json() for each in status.all()], "next": None}
        )


class ProjectionDetail(Endpoint):
    @schema.get_projection()
    def get(self, request: Request, name: str) -> Response:
        parameters.check(request, known=())
        return Response(documents.projection(name))


class ActionView(Endpoint):
    """One action; urls.py makes a view of its own for each."""

    route: ClassVar[Action]

    def post(self, request: Request, name: str) -> Response:
        values = self.route.body().run_validation(request.data)
        operation = self.route.perform(name, **endpoint.asked(request, values))
        if operation is None:
            return Response(documents.projection(name))
        operation = operations.get(operation.pk)
        if self.route.begins:
            return endpoint.began(operation)
        return Response(documents.operation(operation))
