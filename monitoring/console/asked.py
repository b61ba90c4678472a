"""What a page was asked for, read from its query; what is wrong with that, in words."""

from collections.abc import Collection

from django.http import HttpRequest, QueryDict


class Refused(Exception):
    """The text says what is allowed; the page shows it with 422."""


def whole(request: HttpRequest, name: str, *, lowest: int, highest: int) -> int | None:
    """A whole number; None where there is none. Raises Refused."""
    text = request.GET.get(name, "").strip()
    if not text:
        return None
    number = int(text) if text.isascii() and text.isdecimal() else -1
    if len(text) > 18 or not lowest <= number <= highest:
        raise Refused(
            f"{name} is a whole number from {lowest:,} to {highest:,}, "
            f"not “{text[:40]}”."
        )
    return number


def text(request: HttpRequest, name: str) -> str:
    """As it was given; "" where it was not. Raises Refused for what no column holds."""
    found = given(request).get(name, "")
    if "\x00" in found:
        raise Refused(f"{name} has a character with the code 0, which no text has.")
    return found


def word(request: HttpRequest, name: str, *, known: Collection[str]) -> str:
    """One of the words, or "". Raises Refused: a misspelt one would find nothing."""
    found = text(request, name)
    if found and found not in known:
        raise Refused(f"{name} is one of {', '.join(known)}, not “{found[:40]}”.")
    return found


def given(request: HttpRequest) -> QueryDict:
    """The fields of a form that was sent, else those of the address."""
    return request.POST if request.method == "POST" else request.GET
