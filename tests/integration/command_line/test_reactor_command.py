"""`manage.py reactor`: what it shows, does, refuses, and where a reactor starts."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from cqrs_site import configuration
from projections import control, errors
from projections.actors import Actor
from projections.models import AuditEntry, Checkpoint
from projections.reacting import standing, starting
from tests.integration.projections import accounts, reactions
from tests.integration.projections.accounts import earn, open_account
from tests.integration.projections.reactions import NAME, bonuses, react
from tests.loyalty.reactors import bonus

pytestmark = pytest.mark.usefixtures("database")


def manage(*arguments: str) -> str:
    out = io.StringIO()
    call_command("reactor", *arguments, stdout=out)
    return out.getvalue()


def listed() -> dict[str, dict]:
    return {each["name"]: each for each in json.loads(manage("list", "--json"))}


def state() -> str:
    return next(each.state for each in standing.all() if each.status.name == NAME)


@pytest.fixture
def history(database: None) -> list[int]:
    """Positions of events that bring a bonus each, from before any worker ran."""
    open_account()
    return [earn(bonus.ONE) for _ in range(4)]


def test_it_lists_the_reactors_and_how_they_stand(history):
    assert listed()[NAME]["state"] == "not_started"
    react()
    open_account("2")
    react()
    earn(bonus.ONE)
    found = listed()
    assert list(found) == [
        "erase_forgotten_customers",
        "expire_unpaid_orders",
        "loyalty_bonus",
        "refund_cancelled_orders",
    ]
    mine = found[NAME]
    assert (mine["state"], mine["lag_events"]) == ("catching_up", 1)
    assert (mine["position"], mine["head"]) == (6, 7)
    assert (mine["timers"], mine["failing_timers"], mine["dead_letters"]) == (1, 0, 0)
    assert mine["next_timer_at"] == "2027-01-02T03:04:05+00:00"
    title, *lines = manage("list").splitlines()
    assert title.split()[:2] == ["reactor", "state"]
    assert [line.split()[0] for line in lines] == list(found)


def test_it_shows_what_the_configuration_switches_off(settings):
    settings.CQRS = configuration.load(
        str(settings.BASE_DIR / "cqrs.yaml"),
        environ={"CQRS__REACTORS__EXPIRE_UNPAID_ORDERS__ENABLED": "false"},
    )
    react()
    assert listed()["expire_unpaid_orders"]["state"] == "off"
    names = Checkpoint.objects.values_list("projection", flat=True)
    assert set(names) == {
        NAME,
        "erase_forgotten_customers",
        "refund_cancelled_orders",
    }


def test_it_pauses_and_goes_on_where_it_stood(history):
    react()
    assert "paused" in manage("pause", NAME, "--reason", "holiday")
    earn(bonus.ONE)
    react()
    assert (state(), bonuses()) == ("paused", 0)
    assert "running" in manage("resume", NAME)
    react()
    assert (state(), bonuses()) == ("running", 1)
    found = AuditEntry.objects.order_by("pk").values_list(
        "action", "projection", "reason"
    )
    assert list(found) == [("pause", NAME, "holiday"), ("resume", NAME, "")]


@pytest.mark.parametrize(("start", "given"), [("now", 0), (3, 3), (1, 4), (0, 4)])
def test_it_starts_from_now_or_from_an_event(start, given, history):
    assert history == [2, 3, 4, 5]
    assert f"from {start}" in manage("start", NAME, "--from", str(start))
    react()
    assert bonuses() == given
    earn(bonus.ONE)
    react()
    assert bonuses() == given + 1


@pytest.mark.parametrize("start", ["now", "1"])
def test_it_moves_one_that_runs_or_is_paused(start, history):
    react()
    manage("pause", NAME)
    earn(bonus.ONE)
    manage("start", NAME, "--from", start)
    react()
    assert bonuses() == (0 if start == "now" else 5)
    assert state() == "running"
    entry = AuditEntry.objects.latest("pk")
    assert entry.action == "start"
    assert entry.parameters["position"] == ("now" if start == "now" else 1)


def test_it_reads_held_events_again_when_they_stand_behind_its_start(history):
    react()
    first = earn(bonus.DUE_FEE)
    open_account("2")
    second = earn(bonus.DUE_FEE, id="2")
    react()
    assert listed()[NAME]["dead_letters"] == 2
    earn(1_000, id="2")
    manage("start", NAME, "--from", str(second))
    assert first < second
    assert listed()[NAME]["dead_letters"] == 1
    react()
    assert len(reactions.given("2")) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pause", "nothing"), "there is no reactor 'nothing'; there are: erase_"),
        (("pause", accounts.NAME), f"there is no reactor '{accounts.NAME}'"),
        (("resume", NAME), f"{NAME} is running already"),
        (("start", NAME, "--from", "99"), "has come to position 5, not to 99"),
        (("start", NAME, "--from", "soon"), "'soon': allowed is now, or a position"),
        (("start", NAME, "--from", "-1"), "allowed is now, or a position|expected one"),
        (("start", NAME), "--from"),
    ],
)
def test_it_refuses_in_one_line(arguments, message, history):
    react()
    with pytest.raises(CommandError, match=message) as refused:
        manage(*arguments)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "act",
    [
        control.pause_reactor,
        control.resume_reactor,
        lambda name, **asked: control.start_reactor(name, position=1, **asked),
    ],
)
def test_it_needs_the_permission_and_writes_refusals_down(act, history):
    before = react()
    with pytest.raises(errors.NotPermitted):
        act(NAME, actor=Actor("eve"), reason="mischief")
    after = reactions.checkpoint()
    assert (after.state, after.position) == (before.state, before.position)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.outcome) == ("eve", "refused")


def test_it_starts_before_a_first_order_when_a_site_is_prepared(
    tmp_path, monkeypatch, database
):
    from cqrs_site import environment

    monkeypatch.setattr(environment, "LOCAL_DIR", tmp_path)
    call_command("prepare", stdout=io.StringIO(), stderr=io.StringIO())
    open_account()
    earn(bonus.ONE)
    react()
    assert bonuses() == 1


def test_it_stands_at_a_committed_event_never_at_a_hole(history):
    from tests.integration.eventstore import sessions

    with sessions.opened() as open_session:
        writer = open_session()
        writer.append("account-1", 6)
        writer.rollback()
    assert starting.place_before(None).position == 5
    assert starting.place_before(6).position == 5
