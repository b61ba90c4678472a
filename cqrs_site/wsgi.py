import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cqrs_site.settings")

application = get_wsgi_application()

# They need the settings.
from cqrs_site import checks, thread_connections  # noqa: E402
from cqrs_site.postgres_engine import base as postgres_engine  # noqa: E402
from eventstore.telemetry import presence, sending  # noqa: E402

thread_connections.close_with_their_threads()
postgres_engine.break_after_failures()

# A server runs no system checks by itself.
if found := [*checks.check_secrets(), *checks.unreadable_events()]:
    sys.exit("\n".join(str(each) for each in found))

sending.introduce(presence.WEB)
