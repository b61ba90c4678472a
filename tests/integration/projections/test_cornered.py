"""Rebuilds that fail, are cancelled or worked on twice at the worst moment."""

import pytest

from projections import errors, operating, operations
from projections.models import Checkpoint
from projections.rebuilding import tailing
from tests import cleaning
from tests.integration.eventstore import sessions
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import earn, points
from tests.integration.projections.rebuilds import State

pytestmark = pytest.mark.usefixtures("database")

TABLE = "loyalty_balance"


@pytest.fixture
def started(database: None) -> Checkpoint:
    accounts.open_account()
    earn(10)
    return accounts.follow()


@pytest.fixture
def dump(database: None):
    """A session that reads tables of a schema until it is rolled back."""
    with sessions.opened(cleaning.read_tables()) as open_session:
        yield open_session()


@pytest.fixture
def failed_while_dumped(started, dump, monkeypatch):
    """Its shadow tables could not be dropped."""
    operation = rebuilds.until(rebuilds.begin(), State.TAILING)

    def half_a_deploy(operation):
        raise ImportError("half a deploy")

    dump.execute(f"SELECT * FROM projections_shadow.{TABLE}")
    with monkeypatch.context() as patched:
        patched.setattr(tailing, "step", half_a_deploy)
        operating.step(operation)
    operation = operations.get(operation.pk)
    assert (operation.state, operation.note) == (
        State.FAILED,
        "ImportError: half a deploy",
    )


def test_it_can_be_begun_again_when_it_failed_while_a_dump_read_its_tables(
    failed_while_dumped, dump
):
    assert rebuilds.roles() == {"live": 1}
    with pytest.raises(errors.NotAllowedInState, match="held by another session"):
        rebuilds.begin()
    dump.rollback()
    rebuilds.rebuild()
    assert points() == 10


def test_it_lets_nothing_that_failed_stand_in_the_way_of_a_roll_back(started, request):
    rebuilds.rebuild()
    request.getfixturevalue("failed_while_dumped")
    request.getfixturevalue("dump").rollback()
    assert rebuilds.tables_in("projections_shadow") == [TABLE]
    rebuilds.roll_back()
    assert rebuilds.roles() == {"live": 1, "kept": 2}
