from eventstore import streams
from eventstore.streams import EventType, StreamType
from tests.loyalty import domain

ACCOUNT = streams.register(
    StreamType(
        name="account",
        events=[
            EventType(struct=domain.AccountOpened, name="AccountOpened"),
            EventType(struct=domain.PointsEarned, name="PointsEarned"),
            EventType(struct=domain.PointsSpent, name="PointsSpent"),
        ],
        decide=domain.decide,
        evolve=domain.evolve,
        rejection=domain.Refused,
        search_keys=lambda account: {"owner": account.owner},
    )
)
