"""Buttons of the admin: links to the console's review pages, for whoever may act there.

The links go by the names of URLs; permission is asked for again where they lead.
"""

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from projections import actors
from projections.models import DeadLetter, Operation
from projections.status import Status

# What the one who looks may do, while a page is made: the methods that show a field are
# given the row alone.
_allowed: ContextVar[frozenset[str]] = ContextVar("allowed", default=frozenset())


@dataclass(frozen=True, slots=True)
class Button:
    text: str
    url: str


def remember(user: Any) -> None:
    """Whose page is made now, in the thread that makes it."""
    names = (name for name in actors.EVERYTHING if user.has_perm(f"projections.{name}"))
    _allowed.set(frozenset(names))


def of_projection(found: Status) -> list[Button]:
    name, is_rebuilt = found.name, found.rebuild_progress is not None
    going = "resume" if found.state in {"paused", "faulted"} else "pause"
    return _permitted(
        (actors.PAUSE, found.partitions > 0, going.capitalize(), _act(name, going)),
        (actors.REBUILD, not is_rebuilt, "Rebuild", _act(name, "rebuild")),
        (actors.SWAP, found.rebuild == "ready", "Swap", _act(name, "swap")),
        (actors.SWAP, is_rebuilt, "Cancel rebuild", _act(name, "cancel")),
        (
            actors.SWAP,
            found.kept_version is not None and not is_rebuilt,
            "Roll back",
            _act(name, "rollback"),
        ),
        (
            actors.RETRY,
            found.dead_letters > 0,
            "Retry held",
            reverse("ops:retry-many", query={"projection": name}),
        ),
    )


def of_letter(letter: DeadLetter) -> list[Button]:
    return _permitted(
        (actors.RETRY, True, "Retry", reverse("ops:retry", args=[letter.pk])),
        (actors.SKIP, True, "Skip", reverse("ops:skip", args=[letter.pk])),
    )


def of_operation(operation: Operation) -> list[Button]:
    name, is_open = operation.projection, operation.finished_at is None
    is_ready = operation.state == Operation.State.READY
    is_retry = operation.kind == Operation.Kind.RETRY
    cancels = actors.RETRY if is_retry else actors.SWAP
    return _permitted(
        (actors.SWAP, is_ready, "Swap", _act(name, "swap")),
        (cancels, is_open, "Cancel", reverse("ops:cancel", args=[operation.pk])),
    )


def drawn(buttons: Iterable[Button]) -> SafeString:
    """For a cell of a list."""
    links = format_html_join(
        " ", "<a class='act' href='{}'>{}</a>", ((b.url, b.text) for b in buttons)
    )
    return format_html("<span class='acts'>{}</span>", links)


def _act(name: str, word: str) -> str:
    return reverse("ops:act", args=[name, word])


def _permitted(*offered: tuple[str, bool, str, str]) -> list[Button]:
    """offered: permission, whether the state allows it, text, URL."""
    allowed = _allowed.get()
    found: Sequence[Button] = [
        Button(text, url)
        for permission, is_possible, text, url in offered
        if is_possible and permission in allowed
    ]
    return list(found)
