"""RFC 3339 date-times and dates: the only text forms that the API takes."""

import re
from datetime import UTC, date, datetime

PATTERN = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_TIME = re.compile(PATTERN)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse(text: str) -> datetime:
    """The instant in UTC. ValueError unless it is a full date-time with an offset."""
    if not _TIME.fullmatch(text):
        raise ValueError(
            "Expected an RFC 3339 time with an offset, such as 2026-01-31T12:00:00Z."
        )
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("There is no such time.") from error


def parse_date(text: str) -> date:
    """A full date. ValueError unless it is one."""
    if not _DATE.fullmatch(text):
        raise ValueError("Expected an RFC 3339 date, such as 2026-01-31.")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("There is no such date.") from error
