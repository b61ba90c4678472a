import pytest

from tests.integration.projections import accounts
from tests.integration.projections.accounts import earn
from tests.loyalty.projections.balance import LoyaltyBalance


@pytest.fixture
def holding(database: None, monkeypatch) -> None:
    """Two accounts; one is held from its event that earns 3 points on."""
    fold = LoyaltyBalance.fold

    def failing(self, rows, event):
        if getattr(event.data, "points", None) == 3:
            raise ValueError("three")
        fold(self, rows, event)

    monkeypatch.setattr(LoyaltyBalance, "fold", failing)
    for id in ("well", "held"):
        accounts.open_account(id)
        earn(10, id=id)
    for points in (3, 5):
        earn(points, id="held")
    accounts.follow()
