"""GET /api/v1/ops/dead-letters…, and POST …/{id}/retry, …/{id}/skip, …/retry."""

from rest_framework.request import Request
from rest_framework.response import Response

from api import parameters
from projections import control, dead_letters, documents
from projections.held_streams import Matching
from projections.models import DeadLetter
from projections.web import bodies, endpoint, filters, lists, schema
from projections.web.endpoint import Endpoint


class DeadLetterList(Endpoint):
    @schema.list_dead_letters()
    def get(self, request: Request) -> Response:
        return lists.answer(
            request,
            dead_letters.current().defer("traceback"),
            filters=filters.DeadLetterFilter,
            document=documents.dead_letter,
        )


class DeadLetterDetail(Endpoint):
    @schema.get_dead_letter()
    def get(self, request: Request, id: int) -> Response:
        parameters.check(request, known=())
        return Response(documents.whole_dead_letter(dead_letters.get(id)))


class DeadLetterRetry(Endpoint):
    action = "retry"

    @schema.retry_dead_letter()
    def post(self, request: Request, id: int) -> Response:
        values = bodies.GivenReasonSerializer().run_validation(request.data)
        freed = control.retry(id, **endpoint.asked(request, values))
        return _freed(id, freed=freed)


class DeadLetterSkip(Endpoint):
    action = "skip"

    @schema.skip_dead_letter()
    def post(self, request: Request, id: int) -> Response:
        values = bodies.NeededReasonSerializer().run_validation(request.data)
        freed = control.skip(id, **endpoint.asked(request, values))
        return _freed(id, freed=freed)


class RetryAll(Endpoint):
    action = "retry"

    @schema.retry_all()
    def post(self, request: Request) -> Response:
        values = bodies.RetryAllSerializer().run_validation(request.data)
        named = {key: values.pop(key) for key in list(values) if key != "reason"}
        asked = endpoint.asked(request, values)
        matching = Matching(**named)
        if matching.named():
            return endpoint.began(control.retry_matching(matching, **asked))
        return endpoint.began(control.retry_all(matching.projection, **asked))


def _freed(id: int, *, freed: bool) -> Response:
    left = None if freed else DeadLetter.objects.filter(pk=id).first()
    return Response(
        {
            "freed": freed,
            "dead_letter": documents.dead_letter(left) if left else None,
        }
    )
