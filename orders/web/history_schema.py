"""The OpenAPI description of the query for an order's events."""

from drf_spectacular.utils import extend_schema

from api.problems import Fault
from orders.web import query_parts, query_schema
from orders.web.command_schema import ORDER_ID, PATH
from projections.web import event_shapes
from projections.web.describing import Decorate

PAGE = event_shapes.page(f"orders/{ORDER_ID}/events?limit=1&cursor=WyJhIl0:AbC")


def list_events() -> Decorate:
    """Decorates the view method that answers the events of an order."""
    faults = [Fault("/colour", "unknown-parameter", "There is no such parameter.")]
    return extend_schema(
        operation_id="listOrderEvents",
        summary="List the events of an order",
        description="From the log itself, oldest first: every accepted write is there.",
        tags=["queries"],
        parameters=[
            PATH,
            *query_schema.paging("Events on a page."),
            event_shapes.STORED,
            *query_parts.LOG_HEADERS,
            query_parts.read_position(200),
        ],
        responses={
            200: query_parts.found(event_shapes.EventPageSerializer, PAGE),
            **query_parts.problems_of_log(
                query_schema.UNKNOWN, query_schema.BAD_CURSOR, faults=faults
            ),
        },
    )
