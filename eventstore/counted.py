"""Numbers of things in words."""


def of(number: int, word: str, plural: str = "") -> str:
    """`1 event`, `2,000 events`."""
    return f"{number:,} {word if number == 1 else plural or word + 's'}"


def span(seconds: float) -> str:
    """A time in its largest unit: `42 s`, `3 min`, `5 h`, `2 days`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds // 60:.0f} min"
    if seconds < 2 * 86_400:
        return f"{seconds // 3600:.0f} h"
    return f"{seconds // 86_400:.0f} days"
