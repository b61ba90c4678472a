#!/usr/bin/env python
import sys

try:
    from cqrs_site import command_line
except ModuleNotFoundError as error:
    if error.name != "django":
        raise
    sys.exit(
        "Django is not installed for this Python: use .venv/bin/python manage.py …, "
        "which bin/up makes"
    )

if __name__ == "__main__":
    command_line.run(sys.argv)
