"""Which held streams a page is about: by its filters, or those that were ticked."""

from django.http import HttpRequest

from monitoring.console import asked
from projections.held_streams import Matching
from projections.models import DeadLetter

IDS = "ids"


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
    """Those that were ticked, or else that match the filters, of one projection.

    Raises asked.Refused.
    """
    ids = _ids(request)
    if not ids:
        return _of_one(filtered(request))
    found = DeadLetter.objects.filter(pk__in=ids).values_list("projection", flat=True)
    names = sorted(set(found))
    if len(names) > 1:
        raise asked.Refused(
            f"These are held for {' and '.join(names)}: choose those of one projection."
        )
    # All may have been freed meanwhile; then the form that is sent still has the name.
    name = names[0] if names else asked.text(request, "projection")
    if not name:
        raise asked.Refused("None of these streams is held any longer.")
    return Matching(projection=name, ids=ids)


def fields(matching: Matching) -> dict[str, str]:
    """What a form sends so that `chosen` finds the same again."""
    named = {"projection": matching.projection, **matching.named()}
    if matching.ids:
        named[IDS] = ",".join(map(str, matching.ids))
    return named


def _of_one(matching: Matching) -> Matching:
    if not matching.projection:
        raise asked.Refused("Tick some streams, or choose those of one projection.")
    return matching


def _ids(request: HttpRequest) -> tuple[int, ...]:
    """ids=7&ids=9, as ticked, or ids=7,9."""
    texts = ",".join(asked.given(request).getlist(IDS)).split(",")
    wanted = [each for each in texts if each]
    if not all(e.isascii() and e.isdecimal() and len(e) <= 18 for e in wanted):
        raise asked.Refused("ids are numbers of dead letters, with commas between.")
    return tuple(dict.fromkeys(map(int, wanted)))
