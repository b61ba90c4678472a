"""GET /api/v1/ops/audit."""

from rest_framework.request import Request
from rest_framework.response import Response

from projections import documents
from projections.models import AuditEntry
from projections.web import filters, lists, schema
from projections.web.endpoint import Endpoint


class AuditList(Endpoint):
    @schema.list_audit()
    def get(self, request: Request) -> Response:
        return lists.answer(
            request,
            AuditEntry.objects.all(),
            filters=filters.AuditFilter,
            document=documents.audit_entry,
        )
