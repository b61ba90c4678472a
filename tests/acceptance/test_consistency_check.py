"""Workers and beat compare rows with their events, as often as is configured."""

from django.db import connections

from tests.acceptance.client import Client
from tests.acceptance.system import System, until

CONFIGURED = "CQRS__QUERY_SIDE__CONSISTENCY_CHECK__"


def test_it_finds_a_row_that_was_changed_by_hand(system: System) -> None:
    system.environment[f"{CONFIGURED}EVERY_S"] = "1"
    system.start()
    system.start_worker(queue="operations")
    client = Client(system)
    placed = client.place()
    read = f"/api/v1/queries/orders/{placed.body['order_id']}"
    token = placed.headers["Consistency-Token"]
    assert client.read(read, Consistency_Token=token).status == 200
    until(lambda: shown(system)["checked"] > 0)
    assert shown(system)["check_failures"] == 0
    with connections["read"].cursor() as cursor:
        cursor.execute("UPDATE orders_order_summary SET total = 0")
    until(lambda: shown(system)["check_failures"] > 0)
    # Found, not mended: that is an operator's.
    assert shown(system, "order_detail")["check_failures"] == 0


def shown(system: System, name: str = "order_summary") -> dict[str, int]:
    found = system.get("/health/projections").body["projections"]
    named: dict[str, dict[str, int]] = {each["name"]: each for each in found}
    return named[name]
