"""/: what this is, and the ways into it. Open to everybody."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from orders.pages import visitors


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    return visitors.show(request, "orders/start.html", {})
