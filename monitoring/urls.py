from django.urls import path

from monitoring import health

urlpatterns = [
    path("live", health.live, name="health-live"),
    path("ready", health.ready, name="health-ready"),
    path("projections", health.projections, name="health-projections"),
]
