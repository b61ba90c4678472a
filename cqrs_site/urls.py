from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from api import pages
from cqrs_site import preferences

handler400 = "api.site_errors.handler400"
handler403 = "api.site_errors.handler403"
handler404 = "api.site_errors.handler404"
handler500 = "cqrs_site.failed_pages.handler500"

# On the page that asks who somebody is, too: where they are.
SHOWN = {"environment": settings.ENVIRONMENT}

urlpatterns = [
    path("", include("orders.pages.urls")),
    # Browsers ask for it where no page names another, as on answers in JSON.
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}favicon.svg")),
    path("accounts/login/", LoginView.as_view(extra_context=SHOWN), name="login"),
    path("accounts/logout/", LogoutView.as_view(next_page="/"), name="logout"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("ops", RedirectView.as_view(pattern_name="ops:overview")),
    path("ops/", include("monitoring.console.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("orders.web.urls")),
    path("api/v1/queries/", include("orders.web.query_urls")),
    path("api/v1/queries/", include("projections.web.query_urls")),
    path("api/v1/ops/", include("projections.web.urls")),
    path("health/", include("monitoring.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", pages.operations, name="operations"),
    path("api/docs/problems", pages.problems, name="problems"),
]
