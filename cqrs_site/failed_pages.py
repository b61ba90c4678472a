"""The page that says that a page could not be made."""

from django.http import HttpRequest, HttpResponseBase, HttpResponseServerError
from django.template import loader

from api import site_errors
from cqrs_site import preferences


def handler500(request: HttpRequest) -> HttpResponseBase:
    """In the reader's theme. Asks no database: that may be what failed."""
    if site_errors.is_api(request):
        return site_errors.handler500(request)
    shown = preferences.chosen(request)
    return HttpResponseServerError(loader.render_to_string("500.html", shown))
