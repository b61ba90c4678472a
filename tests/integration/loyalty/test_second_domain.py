"""A domain of its own uses log, pipeline, engine, admin and command line unchanged."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from eventstore import commands
from eventstore.commands import Context
from projections import runner, status
from tests.loyalty import domain, models, streams

pytestmark = pytest.mark.usefixtures("database")

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ASKED = Context(actor="tests")


def handle(id: str, command: domain.Command) -> commands.Outcome:
    return commands.handle(streams.ACCOUNT, id, command, at=NOW, context=ASKED)


def open_account_with(points: int, *, id: str = "1") -> commands.Outcome:
    handle(id, domain.OpenAccount(owner="ada"))
    return handle(id, domain.EarnPoints(points=points))


def manage(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_it_appends_what_the_domain_decides() -> None:
    outcome = open_account_with(30)
    assert (outcome.stream, outcome.version) == ("account-1", 2)
    assert outcome.events[0].data == domain.PointsEarned(points=30)


def test_it_puts_the_domains_search_keys_into_the_metadata() -> None:
    (event,) = open_account_with(30).events
    assert event.metadata["owner"] == "ada"


def test_it_lets_the_domains_refusal_through_and_stores_nothing() -> None:
    open_account_with(30)
    with pytest.raises(domain.Refused, match="only 30 points are left"):
        handle("1", domain.SpendPoints(points=31))
    assert commands.load(streams.ACCOUNT, "1").version == 2


def test_it_keeps_the_domains_read_table() -> None:
    open_account_with(30)
    handle("1", domain.SpendPoints(points=12))
    runner.run_round(worker="tests")
    row = models.Balance.objects.get(pk="1")
    assert (row.owner, row.points, row.spent) == ("ada", 18, 12)
    assert status.of("loyalty_balance").lag_events == 0


def test_it_leaves_other_domains_projections_alone() -> None:
    open_account_with(30)
    runner.run_round(worker="tests")
    standing = {each.name: each for each in status.all()}
    assert standing["order_summary"].lag_events == 0
    assert standing["order_summary"].state == "running"


def test_it_is_seen_by_the_command_line() -> None:
    open_account_with(30)
    runner.run_round(worker="tests")
    lines = manage("event_store", "stream").splitlines()
    assert [json.loads(line)["type"] for line in lines] == [
        "AccountOpened",
        "PointsEarned",
    ]
    replayed = manage("event_store", "replay", "account-1").splitlines()
    assert json.loads(replayed[-1])["state"] == {"owner": "ada", "points": 30}
    assert "loyalty_balance" in manage("projection", "list")


def test_it_takes_events_from_the_command_line() -> None:
    open_account_with(30)
    append = ("event_store", "append", "account-1", "--type", "PointsEarned", "--data")
    manage(*append, '{"points": 5}')
    assert commands.load(streams.ACCOUNT, "1").state.points == 35
    with pytest.raises(CommandError, match="unknown field `point`"):
        manage(*append, '{"point": 5}')
    assert commands.load(streams.ACCOUNT, "1").version == 3


@pytest.mark.parametrize(
    "path",
    [
        "/admin/eventstore/event/?q=account-1",
        "/admin/eventstore/event/1/change/",
        "/admin/eventstore/stream/1/change/",
        "/admin/projections/checkpoint/",
        "/admin/loyalty/balance/",
    ],
)
def test_it_is_seen_in_the_admin(path: str) -> None:
    open_account_with(30)
    runner.run_round(worker="tests")
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="secret"))
    answer: Any = client.get(path)
    assert answer.status_code == 200
    shown = answer.content.decode()
    assert "account-1" in shown or "loyalty_balance" in shown or "ada" in shown
