"""The overview's sentences: what they say of each state, the worst first."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from eventstore.log_standing import LogStanding
from eventstore.settled import OpenAppend
from monitoring import sentences
from monitoring.sentences import CommandSummary, DeadLetters, Sentence, Workers
from monitoring.system.findings import Finding, Section
from projections.status import Status

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LOG = LogStanding(
    head=100,
    last=100,
    settled=100,
    open_appends=0,
    oldest_open_append=None,
    waiting_at_most=0,
    waiting_since=None,
    waiting_seconds=0.0,
)
RUNNING = Status(
    name="orders",
    state="running",
    rebuild="none",
    rebuild_progress=None,
    operation=None,
    version=1,
    generation=1,
    kept_version=None,
    partitions=1,
    position=100,
    head=100,
    lag_events=0,
    lag_seconds=0.0,
    rate=0.0,
    eta_seconds=None,
    advanced_at=NOW,
    worker="",
    dead_letters=0,
    last_error="",
    last_traceback="",
    checked=0,
    check_failures=0,
    last_checked_at=None,
    last_check_failure=None,
)
WELL = Section(key="redis", title="Redis", findings=[Finding(name="keys", value=3)])


def said(
    *projections: Status,
    log: LogStanding = LOG,
    held: DeadLetters = DeadLetters(streams=0, oldest_seconds=0.0),  # noqa: B008
    commands: CommandSummary = CommandSummary(),  # noqa: B008
    sections: tuple[Section, ...] = (WELL,),
    workers: Workers = Workers(alive=1),  # noqa: B008
) -> list[Sentence]:
    return sentences.all(
        projections=projections or [RUNNING],
        log=log,
        dead_letters=held,
        commands=commands,
        sections=sections,
        workers=workers,
    )


def texts(found: list[Sentence]) -> str:
    return "\n".join(each.text for each in found)


def test_five_sentences_say_that_all_is_well():
    found = said(commands=CommandSummary(outcomes={"accepted": 7}))
    assert [each.state for each in found] == ["good"] * 5
    assert texts(found) == (
        "All projections are caught up.\n"
        "No stream is held.\n"
        "No command failed in the last 5 min, of 7.\n"
        "Every settled event is in all read tables.\n"
        "1 worker works; Redis and PostgreSQL answer."
    )


def behind(name: str, *, state: str = "catching_up", seconds: float = 75.0) -> Status:
    return replace(RUNNING, name=name, state=state, lag_events=12, lag_seconds=seconds)


def test_one_that_is_behind_is_named_and_linked_first():
    first = said(RUNNING, behind("sales"))[0]
    assert first.text == "sales is behind, by 12 events and 75 s at most."
    assert (first.state, first.url_name, first.url_args) == (
        "bad",
        "ops:projection",
        ("sales",),
    )


def test_several_that_are_behind_are_counted():
    first = said(behind("a"), behind("b", seconds=90))[0]
    assert first.text == "2 projections are behind, by 12 events and 90 s at most."
    assert first.url_name == "ops:projections"


@pytest.mark.parametrize("state", ["faulted", "stalled"])
def test_what_is_stuck_comes_before_what_is_behind(state: str):
    first = said(behind("a"), behind("b", state=state))[0]
    assert first.text.startswith(f"b is {state}, by 12 events")
    assert first.state == "bad"


def test_a_lag_below_the_threshold_is_good():
    assert said(behind("a", seconds=9.0))[0].state == "good"


def test_what_somebody_paused_needs_care_and_is_not_behind():
    found = said(behind("a", state="paused"))
    assert {each.state for each in found} == {"careful", "good"}
    assert "a is paused, by 12 events" in texts(found)
    assert "waits for a, which is paused" in texts(found)
    assert "behind" not in texts(found)


def test_held_streams_are_bad_and_counted():
    one = said(held=DeadLetters(streams=1, oldest_seconds=60))[0]
    assert (one.text, one.state) == ("1 stream is held, the oldest for 60 s.", "bad")
    two = said(held=DeadLetters(streams=2, oldest_seconds=60))[0]
    assert two.text.startswith("2 streams are held")


@pytest.mark.parametrize(("failed", "state"), [(1, "careful"), (2, "bad")])
def test_failed_commands_are_bad_above_the_configured_share(failed: int, state: str):
    outcomes = {"accepted": 100 - failed, "failed": failed}
    first = said(commands=CommandSummary(outcomes=outcomes))[0]
    assert first.text == f"{failed} of 100 commands failed in the last 5 min."
    assert first.state == state


def test_a_rejection_is_no_failure():
    found = said(commands=CommandSummary(outcomes={"rejected": 50}))
    assert "No command failed" in texts(found)


def test_an_append_that_stays_open_is_named_with_its_age():
    held_back = replace(
        LOG,
        last=105,
        open_appends=1,
        oldest_open_append=OpenAppend(pid=42, age=30.0, application="import"),
        waiting_at_most=5,
        waiting_since=NOW,
        waiting_seconds=29.0,
    )
    first = said(log=held_back)[0]
    assert first.text == (
        "At most 5 events wait behind an append that has been open for 30 s "
        "(import, pid 42)."
    )
    assert first.state == "bad"


def test_no_worker_is_bad():
    first = said(workers=Workers(alive=0))[0]
    assert first.text.startswith("No worker is alive")
    assert first.state == "bad"


def test_a_server_that_is_away_is_told_in_its_own_words():
    away = Finding(name="answer", value="away", state="bad", sentence="It is gone.")
    section = Section(key="postgres", title="PostgreSQL", findings=[away])
    first = said(sections=(section, WELL))[0]
    assert (first.text, first.state) == ("PostgreSQL: It is gone.", "bad")


def test_a_fresh_system_is_told_what_to_do_next():
    fresh = replace(RUNNING, partitions=0, position=0, head=0)
    found = said(fresh, log=replace(LOG, head=0, last=0, settled=0))
    assert "No projection has started yet" in texts(found)
    assert "There is no event yet: place an order" in texts(found)
    assert "No command has come yet" in texts(found)
    assert "bad" not in {each.state for each in found}
