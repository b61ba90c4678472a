"""Reviews of what is done to a projection."""

from collections.abc import Callable
from typing import Any

from eventstore.templatetags import shown as texts
from monitoring.console.reviews import shown
from monitoring.console.reviews.shown import Fact, Review
from projections import checkpoints, errors, operations, standings, status
from projections.models import Checkpoint, Operation
from projections.status import Status

AT_ONCE = "It is done at once."
UNCHANGED = "The rows as they are; nothing changes for them."


def of(action: str, name: str, **given: Any) -> Review:
    """Raises NotAllowedInState where the state does not allow it, UnknownProjection.

    given: what the door will be called with.
    """
    seen = standings.of(name)  # before what is shown: what changes meanwhile differs
    return REVIEWS[action](status.of(name), seen, **given)


def pause(found: Status, seen: str) -> Review:
    _refuse(found, "paused", found.state == "paused")
    return Review(
        seen=seen,
        now=_standing(found),
        then=[("State", "paused after the batch at work")],
        touches="No row and no event: what comes is folded when it is resumed.",
        takes=AT_ONCE,
        readers="Rows that grow older. Who waits for a write of their own gets 503.",
        warnings=_under_way(found),
    )


def resume(found: Status, seen: str) -> Review:
    failing = any(each.failures for each in checkpoints.live(found.name))
    _refuse(found, "running", found.state != "paused" and not failing)
    takes = "Nobody knows: its rate was not measured yet."
    if rate := max((each.rate for each in checkpoints.live(found.name)), default=0.0):
        takes = (
            f"About {texts.duration(round(found.lag_events / rate, 1))} until it is "
            f"level, at the {texts.rate(rate)} events/s measured last."
        )
    return Review(
        seen=seen,
        now=_standing(found),
        then=[("State", "running"), ("Next", "tries at once where it failed")],
        touches=f"{texts.count(found.lag_events)} events are folded.",
        takes=takes,
        readers="Rows that become newer, until they are level with the log.",
    )


def rebuild(
    found: Status,
    seen: str,
    *,
    review: bool = False,
    from_timestamp: Any = None,
    partitions: int | None = None,
) -> Review:
    _refuse_paused(found)
    _refuse_two(found)
    then = [
        ("Tables", f"new ones beside the live, generation {found.generation + 1}"),
        ("Then", "stops for a look" if review else "goes live by itself"),
        ("Partitions", str(partitions or "as configured")),
    ]
    if from_timestamp:
        then.append(
            ("Only", f"what events since {from_timestamp:%Y-%m-%d %H:%M:%S %Z} touch")
        )
    warnings: list[str] = []
    if not review:
        warnings.append("Differences are noted, but nobody looks before the swap.")
    if found.kept_version is not None:
        warnings.append("The tables that are kept now are dropped at its swap.")
    return Review(
        seen=seen,
        now=_standing(found),
        then=then,
        touches=f"{texts.count(found.head)} positions of the log are read, and about "
        f"{texts.count(shown.rows(found.name))} rows are written anew.",
        takes=shown.rebuild_time(found.name, events=found.head),
        readers="The live rows, which are kept up to date all the while.",
        warnings=warnings,
    )


def swap(found: Status, seen: str) -> Review:
    operation = _current(found.name)
    if operation.state != Operation.State.READY:
        raise errors.NotAllowedInState(f"{operation} is {operation.state}, not ready")
    tables = operation.result.get("comparison", {}).get("tables", {})
    rows = sum(each["new"] for each in tables.values())
    differ = sum(
        each[kind]
        for each in tables.values()
        for kind in ("only_old", "only_new", "differing")
    )
    return Review(
        seen=seen,
        now=_standing(found),
        then=[
            ("Live", f"generation {operation.generation}, version {operation.version}"),
            ("Kept", f"generation {found.generation}, for a roll back"),
        ],
        touches=f"{texts.count(rows)} rows take the place of the live ones; "
        f"{texts.count(differ)} differ."
        if tables
        else "The new rows were not compared with the live ones.",
        takes="A moment: both are brought to one position, then exchanged at once.",
        readers="The live rows until the swap, the new ones after it; never a gap.",
        warnings=[] if tables else ["What differs is not known."],
    )


def rollback(found: Status, seen: str) -> Review:
    _refuse_two(found)
    kept = _kept(found.name)
    behind = max(found.head - kept.position, 0)
    return Review(
        seen=seen,
        now=_standing(found),
        then=[
            ("Live", f"generation {kept.generation}, version {kept.version}"),
            ("Kept", f"generation {found.generation}, to come back to"),
        ],
        touches=f"{texts.count(behind)} positions are caught up first.",
        takes="Until it has caught up; then it is exchanged at once.",
        readers="The live rows until then, and the earlier ones after it.",
        warnings=["What the last rebuild mended is wrong again."],
        needs_reason=True,
    )


def discard(found: Status, seen: str) -> Review:
    kept = _kept(found.name)
    return Review(
        seen=seen,
        now=[*_standing(found), ("Kept", _tables(kept))],
        then=[("Kept", "nothing")],
        touches="All rows of the kept tables are dropped; the live ones stay.",
        takes=AT_ONCE,
        readers=UNCHANGED,
        warnings=["After this nobody can roll back; only a rebuild makes rows anew."],
        needs_reason=True,
        typed=found.name,
    )


def cancel(found: Status, seen: str) -> Review:
    operation = _current(found.name)
    return Review(
        seen=seen,
        now=[*_standing(found), (str(operation.kind), str(operation.state))],
        then=[(str(operation.kind), "cancelled"), ("Live", "as it is now")],
        touches=f"{texts.count(operation.done)} positions were read for it in vain.",
        takes=AT_ONCE,
        readers=UNCHANGED,
        warnings=["What it has done is lost: another one begins at the beginning."],
    )


def repartition(found: Status, seen: str, *, partitions: int) -> Review:
    return Review(
        seen=seen,
        now=_standing(found),
        then=[("Partitions", str(partitions))],
        touches="No row: the streams are dealt out anew.",
        takes="A moment, once all of its partitions stand at one position.",
        readers=UNCHANGED,
    )


REVIEWS: dict[str, Callable[..., Review]] = {
    "pause": pause,
    "resume": resume,
    "rebuild": rebuild,
    "swap": swap,
    "rollback": rollback,
    "discard": discard,
    "cancel": cancel,
    "repartition": repartition,
}


def _standing(found: Status) -> list[Fact]:
    lag = f"{texts.count(found.lag_events)} events, {texts.duration(found.lag_seconds)}"
    return [
        ("State", texts.words(found.state)),
        ("Live", f"generation {found.generation}, version {found.version}"),
        ("Position", f"{texts.count(found.position)} of {texts.count(found.head)}"),
        ("Lag", lag),
        ("Partitions", str(found.partitions)),
    ]


def _under_way(found: Status) -> list[str]:
    if found.rebuild_progress is None:
        return []
    return [f"Operation {found.operation} waits until it is resumed."]


def _refuse(found: Status, what: str, holds: bool) -> None:
    if not found.partitions:
        raise errors.NotAllowedInState(
            f"{found.name} has not been started by a worker yet"
        )
    if holds:
        raise errors.NotAllowedInState(f"{found.name} is {what} already")


def _refuse_paused(found: Status) -> None:
    if found.state == "paused":
        raise errors.NotAllowedInState(f"{found.name} is paused: resume it first")


def _refuse_two(found: Status) -> None:
    if operation := operations.current(found.name):
        raise errors.NotAllowedInState(f"{operation} is under way already")


def _current(name: str) -> Operation:
    operation = operations.current(name)
    if operation is None:
        raise errors.NotAllowedInState(f"no rebuild of {name} is under way")
    return operation


def _kept(name: str) -> Checkpoint:
    kept = checkpoints.of(name, Checkpoint.Role.KEPT)
    if not kept:
        raise errors.NotAllowedInState(f"{name} has no kept tables")
    return kept[0]


def _tables(kept: Checkpoint) -> str:
    return f"generation {kept.generation}, version {kept.version}"
