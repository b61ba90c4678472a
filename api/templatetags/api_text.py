"""How the API's own words look on a page."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_CODE = re.compile(r"`([^`]+)`")


@register.filter
def marked(text: str) -> SafeString:
    """Text with its `words of code` marked as such; all else is escaped."""
    return mark_safe(_CODE.sub(r"<code>\1</code>", escape(text)))
