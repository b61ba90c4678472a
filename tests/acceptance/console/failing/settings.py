"""The site's settings with the bug installed."""

from cqrs_site.settings import *  # noqa: F403
from cqrs_site.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.acceptance.console.failing"]
