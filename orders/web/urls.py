"""The command endpoints, below /api/v1/."""

from django.urls import path

from orders.web import bulk_schema, command_routes, commands
from orders.web.command_schema import describe

urlpatterns = [
    path(
        "commands/orders",
        describe(command_routes.PLACE, commands.PlaceOrderView).as_view(),
        name="place-order",
    ),
    path(
        "commands/orders/bulk",
        bulk_schema.PlaceOrdersView.as_view(),
        name="place-orders",
    ),
    *(
        path(
            f"commands/orders/<str:order_id>/{route.word}",
            describe(route, commands.ChangeOrderView).as_view(),
            name=route.word,
        )
        for route in command_routes.CHANGES
    ),
]
