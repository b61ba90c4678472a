"""What a page of the console shows, and what its form would send."""

import re
from html import unescape
from typing import Any


def form(page: Any) -> dict[str, str]:
    """The hidden fields of a review page's form, but for Django's own."""
    found = re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.content.decode()
    )
    return {
        name: unescape(value)
        for name, value in found
        if name not in {"csrfmiddlewaretoken", "next", "zone"}
    }


def text(page: Any) -> str:
    """What is to be read, without tags and with single spaces."""
    shown = re.sub(r"<[^>]+>", " ", page.content.decode())
    return " ".join(unescape(shown).split())


def confirm(client: Any, path: str, **more: str) -> Any:
    """As somebody who looks at a review page, then sends its form."""
    return client.post(path.partition("?")[0], form(client.get(path)) | more)
