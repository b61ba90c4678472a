"""What the console's templates draw again and again: states, sortable headings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.safestring import SafeString

from eventstore.templatetags import shown
from monitoring.system.findings import Finding

register = template.Library()

# Read by shape as well as by colour. The kinds are the classes good, careful, bad,
# moving and quiet of console.css.
SIGNS = {"good": "●", "careful": "▲", "bad": "✖", "moving": "◐", "quiet": "❚❚"}
KINDS = {
    "running": "good",
    "catching_up": "moving",
    "paused": "quiet",
    "off": "quiet",
    "not_started": "quiet",
    "stalled": "bad",
    "faulted": "bad",
    "filling": "moving",
    "tailing": "moving",
    "comparing": "moving",
    "ready": "careful",
    "swapping": "moving",
    "retrying": "moving",
    "parked": "bad",
    "finished": "good",
    "failed": "bad",
    "cancelled": "quiet",
    "accepted": "good",
    "refused": "careful",
    "done": "good",
    "started": "moving",
}


@register.simple_tag
def state(name: str, text: str = "") -> SafeString:
    """A state with its sign: "● running". Names that are kinds themselves do, too."""
    kind = name if name in SIGNS else KINDS.get(name, "careful")
    return format_html(
        "<span class='state {}'><span aria-hidden='true'>{}</span> {}</span>",
        kind,
        SIGNS[kind],
        text or shown.words(name),
    )


@register.simple_tag(takes_context=True)
def finding(context: template.Context, found: Finding) -> str:
    """What was found, with its unit: "1.2 GB", "12 s", "12,345 events"."""
    match found.unit, found.value:
        case _, datetime() as at:
            return shown.moment(context, at)
        case "bytes", (int() | float()) as size:
            return filesizeformat(size)
        case "s", (int() | float()) as seconds:
            return shown.duration(seconds)
        case unit, (int() | float()) as number:
            digits = 0 if number == round(number) else 2
            return f"{number:,.{digits}f} {unit}".rstrip()
    return f"{found.value} {found.unit}".rstrip()


@register.simple_tag(takes_context=True)
def heading(
    context: template.Context, name: str, text: str, kind: str = "", first: str = ""
) -> SafeString:
    """A <th> that sorts by a column. kind: "number"; first: "-" sorts down at first."""
    request: HttpRequest = context["request"]
    now: str = context["sort"]
    is_now = now.removeprefix("-") == name
    wanted = f"{first}{name}"
    if is_now:
        wanted = name if now.startswith("-") else f"-{name}"
    query = request.GET.copy()
    query["sort"] = wanted
    query.pop("page", None)
    direction = "descending" if now.startswith("-") else "ascending"
    return format_html(
        "<th scope='col' class='{}'{}><a href='?{}'>{}{}</a></th>",
        kind,
        format_html(" aria-sort='{}'", direction) if is_now else "",
        query.urlencode(),
        text,
        {True: {"ascending": " ↑", "descending": " ↓"}[direction]}.get(is_now, ""),
    )


@register.filter
def of(values: Mapping[str, Any], name: str) -> Any:
    """The value of a name that is in a variable; None if there is none."""
    return values.get(name)
