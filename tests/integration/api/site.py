"""A site of a few views over the api package, as an application would write them."""

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import authentication, cursors
from api.models import ApiKey

handler400 = "api.site_errors.handler400"
handler403 = "api.site_errors.handler403"
handler404 = "api.site_errors.handler404"
handler500 = "api.site_errors.handler500"


class Echo(APIView):
    required_scopes = {"GET": ("orders:read",), "POST": ("orders:write", "ops:write")}
    max_body_bytes = 2_000

    def get(self, request: Request) -> Response:
        return Response({"actor": authentication.actor(request)})

    def post(self, request: Request) -> Response:
        return Response(request.data)


class Large(Echo):
    max_body_bytes = 16 * 1024 * 1024

    def post(self, request: Request) -> Response:
        return Response({"members": len(request.data)})


class Undeclared(APIView):
    def get(self, request: Request) -> Response:
        return Response({})


class Broken(APIView):
    required_scopes = {"GET": ("orders:read",)}

    def get(self, request: Request) -> Response:
        raise RuntimeError("the secret is 42")


class Away(APIView):
    required_scopes = {"GET": ("orders:read",)}

    def get(self, request: Request) -> Response:
        raise OperationalError("server 10.0.0.7 is gone")


class Keys(APIView):
    """Keys, paged; `ordering` is passed through, `name` filters."""

    required_scopes = {"GET": ("orders:read",)}

    def get(self, request: Request) -> Response:
        ordering = request.query_params.get("ordering", "-created_at,-id").split(",")
        rows = ApiKey.objects.exclude(name="reader")
        page = cursors.page(rows, request=request, ordering=ordering)
        return Response({"data": [row.name for row in page.rows], "next": page.next})


def outside(request):
    """As middleware may: no view of REST framework catches it."""
    raise OperationalError("server 10.0.0.7 is gone")


def closed(request):
    raise PermissionDenied


def page(request):
    raise RuntimeError("outside of the API")


urlpatterns = [
    path("api/echo", Echo.as_view()),
    path("api/large", Large.as_view()),
    path("api/undeclared", Undeclared.as_view()),
    path("api/broken", Broken.as_view()),
    path("api/away", Away.as_view()),
    path("api/keys", Keys.as_view()),
    path("api/outside", outside),
    path("api/closed", closed),
    path("page", page),
]
