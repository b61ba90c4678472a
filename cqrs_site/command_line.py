"""Runs manage.py: what stops a command is one line on standard error, exit code 1."""

import os
import sys

from django.core.management import execute_from_command_line

from cqrs_site.configuration_file import WrongConfiguration
from cqrs_site.embedded.errors import EmbeddedServerError
from cqrs_site.environment import WrongEnvironment
from cqrs_site.up.errors import UpError

INTERRUPTED = 130  # as shells say it


def run(arguments: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cqrs_site.settings")
    try:
        execute_from_command_line(arguments)
    except (
        WrongConfiguration,
        WrongEnvironment,
        EmbeddedServerError,
        UpError,
    ) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # `| head` has what it wanted. Python's own flush at the end must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        # Imported now: neither may be there before the settings are.
        from cqrs_site import unreachable

        if sentence := unreachable.explain(error):
            sys.exit(sentence)
        raise
