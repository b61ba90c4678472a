"""The site's settings with the tests' second domain installed."""

from cqrs_site.settings import *  # noqa: F403
from cqrs_site.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.loyalty"]
