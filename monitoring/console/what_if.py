"""/ops/projections/NAME/what-if/: what this code would make of streams, beside the rows
that are live. It changes nothing: events are folded in memory, in one snapshot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from eventstore import store
from monitoring.console import page
from projections import checkpoints, errors, registry
from projections.projection import Projection
from projections.verifying import expecting, looks, sampling
from projections.verifying.expecting import Differing
from projections.verifying.sampling import Sampled

MOST = 50  # streams of a sample: with 2,000 events each, some seconds


class Asked(forms.Form):
    stream = forms.CharField(
        required=False, max_length=200, label="One stream, such as order-…"
    )
    sample = forms.IntegerField(
        required=False, min_value=1, max_value=MOST, label="Or a sample of so many"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """streams: their names with the number of events; different: what differs of them.

    refused: why nothing could be compared, "" where it was.
    """

    streams: Sequence[tuple[str, int]] = ()
    different: Sequence[Differing] = ()
    refused: str = ""


@page.viewers
@require_safe
def of_projection(request: HttpRequest, *, name: str) -> HttpResponse:
    """?stream= one, or ?sample= so many; without either the form alone."""
    try:
        projection = registry.get(name)
    except errors.UnknownProjection as error:
        raise Http404(str(error)) from None
    form = Asked(request.GET or None)
    is_right = form.is_valid()
    stream, sample = (
        form.cleaned_data.get(each) if is_right else None
        for each in ("stream", "sample")
    )
    folded = None
    if stream or sample:
        folded = _folded(projection, (stream or "").strip(), sample or 0)
    wrong = (form.is_bound and not is_right) or (folded and folded.refused)
    return page.show(
        request,
        "console/what_if.html",
        {
            "name": name,
            "form": form,
            "folded": folded,
            "most": MOST,
            "code_version": projection.version,
        },
        status=422 if wrong else 200,
        live=False,
    )


def _folded(projection: Projection, stream: str, sample: int) -> Folded:
    if stream and (reason := _cannot(projection, stream)):
        return Folded(refused=reason)
    live = checkpoints.live(projection.name)
    stands = max((each.position for each in live), default=0)
    wanted = (
        [Sampled(stream)]
        if stream
        else sampling.streams(projection, up_to=stands, count=sample)
    )
    with looks.in_snapshot(projection) as live:
        if not looks.can_be_compared(projection, live):
            return Folded(
                refused="The live rows are of another version or log, or several "
                "streams share each of them: only a rebuild can tell."
            )
        found = looks.look(projection, live, wanted)
    return Folded(
        streams=[(each.sampled.stream, len(each.events)) for each in found],
        different=[
            differing
            for each in found
            for differing in expecting.differences(projection, each)
        ],
    )


def _cannot(projection: Projection, stream: str) -> str:
    prefix = projection.stream_type.stream("")
    if not stream.startswith(prefix):
        return f"{projection.name} reads streams that begin with {prefix}"
    length = store.versions_of([stream]).get(stream, 0)
    if not length:
        return f"There is no stream {stream}."
    if length > sampling.MOST_EVENTS:
        return (
            f"{stream} has {length} events; at most {sampling.MOST_EVENTS} are folded."
        )
    return ""
