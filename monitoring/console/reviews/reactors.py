"""Reviews of what is done to a reactor."""

from eventstore.templatetags import shown as texts
from monitoring.console.reviews.shown import Fact, Review
from projections import errors, registry, standings
from projections.models import Checkpoint
from projections.reacting import standing
from projections.reacting.standing import Standing

NOBODY = "Nothing: a reactor has no rows."


def of(action: str, name: str, *, position: int | None = None) -> Review:
    """Raises NotAllowedInState, UnknownReactor."""
    registry.reactor(name)
    seen = standings.of(name)
    found = next(each for each in standing.all() if each.status.name == name)
    if action == "start":
        return _start(found, seen, position)
    if not found.status.partitions:
        raise errors.NotAllowedInState(f"{name} has not been started by a worker yet")
    return _pause(found, seen) if action == "pause" else _resume(found, seen)


def _pause(found: Standing, seen: str) -> Review:
    if found.state == "paused":
        raise errors.NotAllowedInState(f"{found.status.name} is paused already")
    return Review(
        seen=seen,
        now=_standing(found),
        then=[("State", "paused after the turn at work"), ("Timers", "wait as well")],
        touches=f"{texts.count(found.timers)} timers wait until it is resumed.",
        takes="It is done at once.",
        readers=NOBODY,
        warnings=["What it does about events is not done meanwhile, only later."],
    )


def _resume(found: Standing, seen: str) -> Review:
    checkpoint = Checkpoint.objects.get(projection=found.status.name)
    if checkpoint.state == Checkpoint.State.FAULTED:
        raise errors.NotAllowedInState(
            f"{found.status.name} does not belong to this log any more: start it"
        )
    if checkpoint.state == Checkpoint.State.RUNNING and not checkpoint.failures:
        raise errors.NotAllowedInState(f"{found.status.name} is running already")
    return Review(
        seen=seen,
        now=_standing(found),
        then=[("State", "running, where it stood")],
        touches=f"{texts.count(found.status.lag_events)} events are handled, and the "
        "timers that are due.",
        takes="It begins at once.",
        readers=NOBODY,
    )


def _start(found: Standing, seen: str, position: int | None) -> Review:
    name, stands = found.status.name, found.status.position
    again = max(stands - position + 1, 0) if position else 0
    passed = max((position or found.status.head + 1) - 1 - stands, 0)
    return Review(
        seen=seen,
        now=_standing(found),
        then=[
            ("State", "running"),
            ("From", f"position {texts.count(position)}" if position else "now on"),
        ],
        touches=f"At most {texts.count(again)} events are handled again, and "
        f"{texts.count(passed)} are passed over.",
        takes="It begins at once.",
        readers=NOBODY,
        warnings=_warnings(again=again, passed=passed),
        needs_reason=True,
        typed=name if again or passed else "",
    )


def _warnings(*, again: int, passed: int) -> list[str]:
    warnings = []
    if again:
        warnings.append(
            "Commands that it gave before are not given again; what it calls by itself "
            "is."
        )
    if passed:
        warnings.append("What it should do about those passed over is never done.")
    return warnings


def _standing(found: Standing) -> list[Fact]:
    each = found.status
    lag = f"{texts.count(each.lag_events)} events, {texts.duration(each.lag_seconds)}"
    return [
        ("State", texts.words(found.state)),
        ("Position", f"{texts.count(each.position)} of {texts.count(each.head)}"),
        ("Lag", lag),
        ("Timers", texts.count(found.timers)),
    ]
