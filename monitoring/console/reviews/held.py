"""Reviews of what is done to held streams."""

from collections.abc import Sequence
from typing import Any

from eventstore.templatetags import shown as texts
from monitoring.console.reviews.shown import Fact, Review
from projections import (
    dead_letters,
    errors,
    held_streams,
    operations,
    registry,
    standings,
)
from projections.held_streams import Matching
from projections.models import DeadLetter, Operation

LONGEST = 80  # characters of a filter's value
LATER = "Rows that lack the stream's held events, until it is free."


def retry(id: int) -> Review:
    """Raises UnknownDeadLetter."""
    letter, seen = dead_letters.get(id), standings.of_letter(id)
    held = dead_letters.held_events(letter)
    return Review(
        seen=seen,
        now=_standing(letter, held),
        then=[("Stream", "tried again now, from the event that fails on")],
        touches=f"{texts.count(held)} held events of one stream.",
        takes="It is done at once; the next page says whether the stream is free.",
        readers=LATER,
        warnings=["What fails again counts as one more attempt."],
    )


def skip(id: int) -> Review:
    """Raises UnknownDeadLetter."""
    letter, seen = dead_letters.get(id), standings.of_letter(id)
    held = dead_letters.held_events(letter)
    return Review(
        seen=seen,
        now=_standing(letter, held),
        then=[
            ("Skipped", f"{letter.type} at position {texts.count(letter.position)}"),
            ("Stream", "goes on with the events behind it"),
        ],
        touches=f"One event is passed over; {texts.count(held - 1)} behind it are "
        "folded.",
        takes="It is done at once.",
        readers="Rows that will never have what the skipped event says.",
        warnings=[
            "This is for ever, for this projection: also a rebuild passes it over.",
        ],
        needs_reason=True,
        typed=letter.type,
    )


def retry_many(matching: Matching) -> Review:
    """Raises UnknownProjection, NotAllowedInState (none matches, or under way)."""
    name = matching.projection
    registry.subscriber(name)
    seen = standings.of_many(name)
    _refuse_two(name)
    found = held_streams.find(matching)
    count = found.count()
    if not count:
        raise errors.NotAllowedInState(f"{name} holds nothing that matches")
    parked = found.filter(state=DeadLetter.State.PARKED).count()
    return Review(
        seen=seen,
        now=[
            ("Held streams", texts.count(dead_letters.count(name))),
            ("Those that match", f"{texts.count(count)}, {texts.count(parked)} parked"),
            *((texts.words(key), _short(value)) for key, value in _named(matching)),
        ],
        then=[("Each", "tried again, one after the other, by workers")],
        touches=f"{texts.count(count)} streams, and what is held of them.",
        takes=_time_of_retry(name, count),
        readers=LATER,
        warnings=["Those whose cause is not mended fail once more."],
    )


def _named(matching: Matching) -> list[tuple[str, Any]]:
    named = matching.named()
    chosen = named.pop("ids", ())
    return [*named.items(), *([("chosen", f"{len(chosen)} streams")] if chosen else [])]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def cancel(operation: Operation) -> Review:
    """Raises NotAllowedInState (it has ended)."""
    if operation.finished_at:
        raise errors.NotAllowedInState(f"{operation} is {operation.state} already")
    keeps = operation.kind == Operation.Kind.RETRY
    return Review(
        seen=standings.of_operation(operation.pk),
        now=[
            ("Operation", str(operation)),
            ("State", texts.words(operation.state)),
            (
                "Done",
                f"{texts.count(operation.done)} of {texts.count(operation.total)}",
            ),
            ("Begun by", operation.actor),
        ],
        then=[("State", "cancelled")],
        touches="What it has freed stays free."
        if keeps
        else "Its tables are dropped; the live ones stay.",
        takes="It is done at once.",
        readers="The live rows as they are; nothing changes for them.",
        warnings=[]
        if keeps
        else ["What it has done is lost: another one begins at the beginning."],
    )


def _done(operation: Operation) -> str:
    return f"{texts.count(operation.done)} of {texts.count(operation.total)}"


def _standing(letter: DeadLetter, held: int) -> Sequence[Fact]:
    return [
        ("Stream", letter.stream),
        ("Projection", f"{letter.projection}, generation {letter.generation}"),
        ("State", f"{letter.state}, after {letter.attempts} attempts"),
        ("Fails on", f"{letter.type} at position {texts.count(letter.position)}"),
        ("Error", letter.error),
        ("Held events", texts.count(held)),
    ]


def _refuse_two(name: str) -> None:
    for other in operations.unfinished():
        if (other.projection, other.kind) == (name, Operation.Kind.RETRY):
            raise errors.NotAllowedInState(
                f"operation {other.pk} retries what {name} holds already"
            )


def _time_of_retry(name: str, count: int) -> str:
    ended = Operation.objects.filter(projection=name, kind=Operation.Kind.RETRY)
    last = ended.exclude(finished_at=None).order_by("-pk").first()
    if last is None or not last.finished_at or not last.done:
        return "Nobody knows: nothing of it was retried like this yet."
    seconds = (last.finished_at - last.started_at).total_seconds()
    return (
        f"About {texts.duration(round(seconds * count / last.done, 1))}: operation "
        f"{last.pk} took {texts.duration(round(seconds, 1))} for "
        f"{texts.count(last.done)} streams."
    )
