"""What a page was asked for, read from its query; what is wrong with that, in words."""

from django.http import HttpRequest


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
