"""Where reactors stand: started from now by the first worker, or where one says."""

from dataclasses import asdict, dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from eventstore import log, settled, store
from projections import errors, leases, registry
from projections.models import Checkpoint, DeadLetter
from projections.reacting import timers
from projections.reactor import Reactor

USING = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The committed event behind which a reactor begins; position 0 for the first."""

    position: int
    event_id: UUID | None
    epoch: int


def runnable() -> list[Checkpoint]:
    """Reactors that are on and may go on by this code, the furthest behind first."""
    reactors = on()
    begin()
    found = Checkpoint.objects.filter(
        Q(next_attempt_at=None) | Q(next_attempt_at__lte=timezone.now()),
        projection__in=reactors,
        state=Checkpoint.State.RUNNING,
    )
    return [
        each
        for each in found.order_by("position", "id")
        if _is_ours(each, reactors[each.projection])
    ]


def begin() -> None:
    """Starts reactors that never ran from now: what was before is none of theirs.

    Several processes may do so at once: the first one's place stays.
    """
    reactors = on()
    known = Checkpoint.objects.filter(projection__in=reactors)
    missing = reactors.keys() - set(known.values_list("projection", flat=True))
    if missing:
        place = place_before(None)
        new = [_checkpoint(reactors[name], place) for name in sorted(missing)]
        with transaction.atomic(using=USING):
            Checkpoint.objects.bulk_create(new, ignore_conflicts=True)


def start(reactor: Reactor, place: Place) -> None:
    """Lets a reactor go on behind a place, whatever state it was in.

    Held streams and timers stay, but for those that are read again and those of
    events that the log no longer has. In the caller's transaction.
    """
    new = [_checkpoint(reactor, place)]
    Checkpoint.objects.bulk_create(new, ignore_conflicts=True)
    leases.announce(reactor.name)
    found = Checkpoint.objects.filter(projection=reactor.name)
    checkpoint = found.select_for_update().get()
    found.update(
        **asdict(place),
        version=reactor.version,
        state=Checkpoint.State.RUNNING,
        failures=0,
        failure=None,
        next_attempt_at=None,
        advanced_at=timezone.now(),
    )
    letters = DeadLetter.objects.filter(projection=reactor.name)
    if checkpoint.epoch != place.epoch or checkpoint.state == Checkpoint.State.FAULTED:
        there = store.read_events(list(letters.values_list("event_id", flat=True)))
        letters.exclude(event_id__in=list(there)).delete()
        timers.drop_orphans(reactor.name)
    letters.filter(position__gt=place.position).delete()


def place_before(position: int | None) -> Place:
    """The place from which the event at `position`, or the next one there is, comes
    first; None: what comes from now on.

    Raises NotAllowedInState for a position that the log has not come to.
    """
    up_to = settled.position().settled
    if position is not None:
        if position > up_to + 1:
            raise errors.NotAllowedInState(
                f"the log has come to position {up_to}, not to {position}"
            )
        up_to = position - 1
    newest = store.newest_settled(up_to=up_to)
    epoch = log.identity().epoch
    if newest is None:
        return Place(position=0, event_id=None, epoch=epoch)
    return Place(position=newest.position, event_id=newest.event_id, epoch=epoch)


def on() -> dict[str, Reactor]:
    """The reactors that the configuration has not switched off, by name."""
    reactors = registry.reactors()
    return {
        name: each
        for name, each in reactors.items()
        if settings.CQRS.reactors.is_on(name)
    }


def _is_ours(checkpoint: Checkpoint, reactor: Reactor) -> bool:
    """Whether this code may go on; newer code than the last takes over for good."""
    if checkpoint.version < reactor.version:
        Checkpoint.objects.filter(pk=checkpoint.pk, version__lt=reactor.version).update(
            version=reactor.version
        )
        checkpoint.version = reactor.version
    return checkpoint.version == reactor.version


def _checkpoint(reactor: Reactor, place: Place) -> Checkpoint:
    return Checkpoint(projection=reactor.name, version=reactor.version, **asdict(place))
