"""A status counted row by row in Python: what the statements must give."""

from django.utils import timezone

from eventstore import settled
from eventstore.models import Event
from projections import registry
from projections.models import Checkpoint, DeadLetter, Operation

Numbers = dict[str, object]


def of_all(*, reactors: bool = False) -> dict[str, Numbers]:
    names = registry.reactors() if reactors else registry.all()
    up_to = settled.position().settled
    events = list(Event.objects.order_by("position"))
    return {name: _numbers(name, events, up_to) for name in names}


def _numbers(name: str, events: list[Event], up_to: int) -> Numbers:
    every = [each for each in Checkpoint.objects.all() if each.projection == name]
    live = [each for each in every if each.role == "live"]
    kept = [each for each in every if each.role == "kept"]
    position = min([each.position for each in live] or [0])
    waiting = [each for each in events if position < each.position <= up_to]
    operation = _rebuild(name)
    return {
        "position": position,
        "head": events[-1].position if events else 0,
        "partitions": len(live),
        "lag_events": len(waiting),
        "lag_seconds": _age(waiting[0]) if waiting else 0.0,
        "dead_letters": len({each.stream for each in _held(name, live)}),
        "kept_version": kept[0].version if kept else None,
        "rebuild": operation.state if operation else "none",
        "operation": operation.pk if operation else None,
    }


def _age(event: Event) -> float:
    return (timezone.now() - event.recorded_at).total_seconds()


def _held(name: str, live: list[Checkpoint]) -> list[DeadLetter]:
    generations = {each.generation for each in live}
    return [
        each
        for each in DeadLetter.objects.all()
        if each.projection == name and each.generation in generations
    ]


def _rebuild(name: str) -> Operation | None:
    found = [each for each in Operation.objects.all() if each.projection == name]
    asked = [each for each in found if each.kind != "retry"]
    newest = max(asked, key=lambda each: each.pk, default=None)
    return None if newest and newest.state == "finished" else newest
