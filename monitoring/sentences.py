"""The sentences of the overview: is anything wrong, since when, and how bad.

Pure: what is looked at is given. A fresh system gets words that say what to do next.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings

from eventstore import counted
from eventstore.log_standing import LogStanding
from monitoring.system import findings
from monitoring.system.findings import Section, State
from projections.status import Status

# Outcomes of commands that are faults of ours; a rejection is an answer.
FAILED = frozenset({"failed"})
# Sections that have a sentence here; the others of the Health page show there.
SERVERS = ("postgres", "redis", "queues")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """url_name, url_args: of the page that tells more, for django.urls.reverse."""

    text: str
    state: State
    url_name: str
    url_args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetters:
    """streams: that are held for the live tables; oldest_seconds: of the one held
    longest, 0 for none.
    """

    streams: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSummary:
    """outcomes: how many commands ended so within the last `seconds`, by outcome."""

    outcomes: Mapping[str, int] = field(default_factory=dict)
    seconds: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """How many answered lately; None: nobody has looked yet."""

    alive: int | None = None


def all(
    *,
    projections: Sequence[Status],
    log: LogStanding,
    dead_letters: DeadLetters,
    commands: CommandSummary,
    sections: Sequence[Section],
    workers: Workers,
) -> list[Sentence]:
    """The sentences, the worst first, otherwise in the order of the overview."""
    has_started = any(each.partitions for each in projections)
    found = [
        _projections(projections, log=log, has_started=has_started),
        _dead_letters(dead_letters),
        _commands(commands, log=log),
        _oldest_event(projections, log=log, has_started=has_started),
        _servers(sections, workers=workers, has_started=has_started),
    ]
    return sorted(found, key=lambda each: findings.ORDER.index(each.state))


def _projections(
    found: Sequence[Status], *, log: LogStanding, has_started: bool
) -> Sentence:
    if not has_started:
        return _to_projections(
            "No projection has started yet: start a worker "
            "(bin/up does, on one machine).",
            "careful",
        )
    for state, verb in (("faulted", "faulted"), ("stalled", "stalled")):
        if stuck := [each for each in found if each.state == state]:
            return _to_projections(_stuck(stuck, verb), "bad", *_one(stuck))
    paused = [each for each in found if each.state == "paused"]
    behind = [
        each for each in found if each.lag_seconds > _threshold() and each not in paused
    ]
    if behind:
        return _to_projections(_behind(behind), "bad", *_one(behind))
    if paused:
        return _to_projections(_stuck(paused, "paused"), "careful", *_one(paused))
    if not log.head:
        return _to_projections("The projections wait for the first event.", "good")
    return _to_projections("All projections are caught up.", "good")


def _stuck(found: Sequence[Status], verb: str) -> str:
    worst = max(found, key=lambda each: each.lag_seconds)
    return (
        f"{_named(found)} {_is(len(found))} {verb}, {_lag(worst)}"
        if worst.lag_events
        else f"{_named(found)} {_is(len(found))} {verb}."
    )


def _behind(found: Sequence[Status]) -> str:
    worst = max(found, key=lambda each: each.lag_seconds)
    return f"{_named(found)} {_is(len(found))} behind, {_lag(worst)}"


def _lag(worst: Status) -> str:
    return (
        f"by {counted.of(worst.lag_events, 'event')} and "
        f"{counted.span(worst.lag_seconds)} at most."
    )


def _named(found: Sequence[Status]) -> str:
    return found[0].name if len(found) == 1 else f"{len(found)} projections"


def _one(found: Sequence[Status]) -> tuple[str, ...]:
    return (found[0].name,) if len(found) == 1 else ()


def _to_projections(text: str, state: State, *name: str) -> Sentence:
    url_name = "ops:projection" if name else "ops:projections"
    return Sentence(text=text, state=state, url_name=url_name, url_args=name)


def _dead_letters(found: DeadLetters) -> Sentence:
    if not found.streams:
        text = "No stream is held."
        return Sentence(text=text, state="good", url_name="ops:dead-letters")
    number = counted.of(found.streams, "stream")
    since = counted.span(found.oldest_seconds)
    text = f"{number} {_is(found.streams)} held, the oldest for {since}."
    return Sentence(text=text, state="bad", url_name="ops:dead-letters")


def _commands(found: CommandSummary, *, log: LogStanding) -> Sentence:
    total = sum(found.outcomes.values())
    failed = sum(found.outcomes.get(each, 0) for each in FAILED)
    text = _commands_text(found, total=total, failed=failed, is_fresh=not log.head)
    limit = settings.CQRS.monitoring.alerting.error_rate_threshold
    is_bad = failed > limit * total
    state: State = "bad" if is_bad else "careful" if failed else "good"
    return Sentence(text=text, state=state, url_name="ops:commands")


def _commands_text(
    found: CommandSummary, *, total: int, failed: int, is_fresh: bool
) -> str:
    lately = f"in the last {counted.span(found.seconds)}"
    if not total and is_fresh:
        return "No command has come yet: the API guide has one to send."
    if not total:
        return f"No command came {lately}."
    if not failed:
        return f"No command failed {lately}, of {total:,}."
    return f"{failed:,} of {counted.of(total, 'command')} failed {lately}."


def _oldest_event(
    found: Iterable[Status], *, log: LogStanding, has_started: bool
) -> Sentence:
    if log.waiting_since is not None:
        return _behind_an_append(log)
    worst = max(found, key=lambda each: each.lag_seconds, default=None)
    oldest = worst.lag_seconds if worst else 0.0
    if not log.head:
        return Sentence(
            text="There is no event yet: place an order, or run "
            "manage.py simulate_orders.",
            state="good",
            url_name="ops:events",
        )
    if not oldest:
        text = "Every settled event is in all read tables."
        return Sentence(text=text, state="good", url_name="ops:projections")
    text = f"The oldest unprocessed event is {counted.span(oldest)} old."
    state: State = "bad" if oldest > _threshold() else "good"
    if worst and worst.state == "paused":
        # Somebody wants it so; whoever reads should know whom it waits for.
        text = f"{text[:-1]}, and waits for {worst.name}, which is paused."
        state = "careful"
    return Sentence(
        text=text,
        state=state if has_started else "careful",
        url_name="ops:projections",
    )


def _behind_an_append(log: LogStanding) -> Sentence:
    number = counted.of(log.waiting_at_most, "event")
    verb = "waits" if log.waiting_at_most == 1 else "wait"
    text = f"At most {number} {verb} behind an append {_holder(log)}."
    state: State = "bad" if log.waiting_seconds > _threshold() else "good"
    return Sentence(text=text, state=state, url_name="ops:health")


def _holder(log: LogStanding) -> str:
    holds = log.oldest_open_append
    if holds is None:
        return "that has just ended"
    who = [holds.application or "nameless"]
    if holds.pid is not None:
        who.append(f"pid {holds.pid}")
    age = "" if holds.age is None else f" for {counted.span(holds.age)}"
    return f"that has been open{age} ({', '.join(who)})"


def _servers(
    sections: Sequence[Section], *, workers: Workers, has_started: bool
) -> Sentence:
    faults = [
        f"{each.title}: {_fault(each)}"
        for each in sections
        if each.state != "good" and each.key.startswith(SERVERS)
    ]
    states = [each.state for each in sections if each.key.startswith(SERVERS)]
    if workers.alive == 0:
        faults.insert(0, "No worker is alive: start one (bin/up does, on one machine).")
        states.append("bad" if has_started else "careful")
    text = " ".join(faults) or f"{_alive(workers)}Redis and PostgreSQL answer."
    return Sentence(text=text, state=findings.worst(states), url_name="ops:health")


def _fault(section: Section) -> str:
    worst = min(section.findings, key=lambda each: findings.ORDER.index(each.state))
    return worst.sentence or f"{worst.name} is {worst.value} {worst.unit}".strip() + "."


def _alive(workers: Workers) -> str:
    if workers.alive is None:
        return ""
    verb = "works" if workers.alive == 1 else "work"
    return f"{counted.of(workers.alive, 'worker')} {verb}; "


def _threshold() -> int:
    seconds: int = settings.CQRS.monitoring.alerting.projection_lag_threshold_s
    return seconds


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
