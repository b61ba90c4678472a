from collections.abc import Sequence

from eventstore.events import RecordedEvent
from projections.projection import Projection, Rows, Table
from tests.loyalty import domain, models, streams

TABLE = Table(
    models.Balance, key_of=lambda event: event.stream.removeprefix("account-")
)


class LoyaltyBalance(Projection):
    name = "loyalty_balance"
    version = 1
    stream_type = streams.ACCOUNT
    reads = (domain.AccountOpened, domain.PointsEarned, domain.PointsSpent)
    tables = (TABLE,)

    def fold(self, rows: Rows, event: RecordedEvent) -> None:
        id = event.stream.removeprefix("account-")
        row = rows.get(TABLE, id) or models.Balance(account_id=id, points=0, spent=0)
        match event.data:
            case domain.AccountOpened(owner=owner):
                row.owner = owner
            case domain.PointsEarned(points=points):
                row.points += points
            case domain.PointsSpent(points=points):
                row.points -= points
                row.spent += points
        rows.put(TABLE, row)

    def rows_of(self, stream: str) -> Sequence[models.Balance]:
        return models.Balance.objects.filter(pk=stream.removeprefix("account-"))
