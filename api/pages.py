"""The API's pages for people, below /api/docs/."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from api import codes, reference


def problems(request: HttpRequest) -> HttpResponse:
    """What the `type` of a problem points to, with an anchor for each code."""
    shown = {"codes": codes.registered(), "faults": codes.registered_faults()}
    return render(request, "api/problems.html", shown)


def operations(request: HttpRequest) -> HttpResponse:
    """All operations, as the OpenAPI document describes them."""
    return render(request, "api/reference.html", {"sections": reference.sections()})
