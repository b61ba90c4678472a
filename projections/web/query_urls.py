"""The query of the log itself, below /api/v1/queries/."""

from django.urls import path

from projections.web import feed

urlpatterns = [path("events", feed.EventFeed.as_view(), name="events")]
