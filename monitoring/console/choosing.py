"""Which held streams a page is about: by its filters, or those that were ticked."""

from collections.abc import Sequence
from dataclasses import replace

from django.http import HttpRequest

from monitoring.console import asked
from projections.held_streams import Matching
from projections.models import DeadLetter

ID = "id"


def filtered(request: HttpRequest) -> Matching:
    """Those that match the filters. Raises asked.Refused."""
    return Matching(
        projection=asked.text(request, "projection"),
        state=asked.word(request, "state", known=DeadLetter.State.values),
        category=asked.text(request, "category"),
        type=asked.text(request, "type"),
        stream=asked.text(request, "stream"),
        error_key=asked.text(request, "error_key"),
    )


def chosen(request: HttpRequest) -> Matching:
    """Those of one projection that match the filters; of them those that were ticked.

    Raises asked.Refused.
    """
    found, ids = filtered(request), _ids(request)
    if ids and not found.projection:
        return replace(found, projection=_projection_of(ids), ids=ids)
    if not found.projection:
        raise asked.Refused("Tick some streams, or choose those of one projection.")
    return replace(found, ids=ids)


def fields(matching: Matching) -> list[tuple[str, str]]:
    """What a form sends so that `chosen` finds the same again."""
    named = {"projection": matching.projection, **matching.named()}
    ids = named.pop("ids", ())
    return [
        *((name, value) for name, value in named.items() if value),
        *((ID, str(each)) for each in ids),
    ]


def _projection_of(ids: Sequence[int]) -> str:
    """The one that holds all of them. Raises asked.Refused."""
    found = DeadLetter.objects.filter(pk__in=ids).values_list("projection", flat=True)
    names = sorted(set(found))
    if not names:
        raise asked.Refused("None of these streams is held any longer.")
    if len(names) > 1:
        raise asked.Refused(
            f"These are held for {' and '.join(names)}: choose those of one projection."
        )
    return names[0]


def _ids(request: HttpRequest) -> tuple[int, ...]:
    texts = asked.given(request).getlist(ID)
    if not all(e.isascii() and e.isdecimal() and len(e) <= 18 for e in texts):
        raise asked.Refused(f"{ID} is the number of a dead letter.")
    return tuple(dict.fromkeys(map(int, texts)))
