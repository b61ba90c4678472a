"""How pages show moments, durations, counts and ids; classes: static/site.css.

A page's context may have `zone`, the time zone that its reader chose (else UTC).
"""

import json
from datetime import UTC, datetime, tzinfo
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from eventstore import showing

register = template.Library()

SIZES = ((86_400, "d"), (3_600, "h"), (60, "min"))


@register.simple_tag(takes_context=True)
def moment(context: template.Context, at: datetime | None) -> SafeString:
    """How long ago and when, "12 s ago 08:31:47 UTC"; a dash for None.

    The first part is kept up to date by static/console/times.js.
    """
    if at is None:
        return SafeString("<span class='quiet'>-</span>")
    zone: tzinfo = context.get("zone") or UTC
    return format_html(
        "<time class='moment' datetime='{}' title='{}'>"
        "<span class='ago' data-ago>{}</span> <span class='at'>{}</span></time>",
        at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        _whole(at, zone),
        ago(at),
        clock(at, zone=zone),
    )


@register.simple_tag(takes_context=True)
def exactly(context: template.Context, at: datetime | None) -> SafeString:
    """The moment alone, to the millisecond; a dash for None."""
    if at is None:
        return SafeString("<span class='quiet'>-</span>")
    zone: tzinfo = context.get("zone") or UTC
    return format_html(
        "<time class='moment' datetime='{}'>{}</time>",
        at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        _whole(at, zone),
    )


def ago(at: datetime) -> str:
    """ "12 s ago", "in 3 min"; of one unit."""
    seconds = (timezone.now() - at).total_seconds()
    text = _one_unit(abs(seconds))
    return f"{text} ago" if seconds >= 0 else f"in {text}"


def clock(at: datetime, *, zone: tzinfo) -> str:
    """The time of day, with the date where that is not today's."""
    local = at.astimezone(zone)
    today = timezone.now().astimezone(zone).date()
    day = "" if local.date() == today else f"{local:%Y-%m-%d} "
    return f"{day}{local:%H:%M:%S} {local:%Z}"


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds for people: "0 s", "0.35 s", "12.3 s", "4 min 5 s", "2 h 3 min"; a dash
    for None.
    """
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{_few_digits(seconds)} s"
    for size, unit in SIZES:
        if seconds >= size:
            smaller = {"d": (3_600, "h"), "h": (60, "min"), "min": (1, "s")}[unit]
            whole, rest = divmod(round(seconds), size)
            left = rest // smaller[0]
            return f"{whole} {unit} {left} {smaller[1]}" if left else f"{whole} {unit}"
    raise AssertionError(seconds)


@register.filter
def milliseconds(seconds: float | None) -> str:
    """Seconds as "3.2 ms", "450 ms"; a dash for None."""
    return "-" if seconds is None else f"{_few_digits(seconds * 1000)} ms"


@register.filter
def count(number: float | None) -> str:
    """ "12,345"; a dash for None."""
    return "-" if number is None else f"{number:,.0f}"


@register.filter
def rate(per_second: float | None) -> str:
    """ "1,234", "12.3", "0"; per second, without the unit; a dash for None."""
    return "-" if per_second is None else _few_digits(per_second)


@register.filter
def short(id: object) -> SafeString:
    """A UUID without its middle, whole when pointed at."""
    return showing.short_id(id)


@register.filter
def words(name: object) -> str:
    """A name in code as words: catching_up is "catching up"."""
    return str(name).replace("_", " ").replace("-", " ")


@register.filter
def pretty(value: Any) -> str:
    """JSON to read: indented, as text that the template escapes."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _whole(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03} {local:%Z}"


def _one_unit(seconds: float) -> str:
    for size, unit in SIZES:
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds // 1:.0f} s"


def _few_digits(value: float) -> str:
    if value >= 100 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if value >= 10 else f"{value:,.2f}"
