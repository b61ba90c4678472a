"""How Django's admin shows moments, ids and JSON; its classes: static/admin.css."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

_UUID = re.compile(
    r"([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{8}([0-9a-f]{4})$"
)


def moment(at: datetime | None) -> SafeString:
    """2026-11-23 08:31:47.328 UTC, on one line; a dash for None."""
    if at is None:
        return SafeString("-")
    at = at.astimezone(UTC)
    text = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03} UTC"
    return format_html("<span class='moment'>{}</span>", text)


def short_id(id: object) -> SafeString:
    """A UUID without its middle, order-ffc03f0c…27f0; whole when pointed at."""
    text = str(id)
    short = _UUID.sub(r"\1…\2", text)
    return format_html("<span class='id' title='{}'>{}</span>", text, short)


def pretty(value: Any) -> SafeString:
    """JSON to read: indented, keys as stored."""
    return block(json.dumps(value, indent=2, ensure_ascii=False))


def block(text: str) -> SafeString:
    """Text as it is, in a box that scrolls and that the keyboard reaches."""
    return format_html("<pre tabindex='0'>{}</pre>", text)
