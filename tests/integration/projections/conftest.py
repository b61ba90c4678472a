import pytest

from projections import leases, runner
from projections.in_redis import refilling
from projections.rebuilding import filling, swapping


@pytest.fixture(autouse=True)
def no_memory_of_other_tests():
    """What a process remembers of partitions and operations, whose numbers come again
    in every test.
    """
    leases._sending.clear()
    runner._slow.clear()
    filling._slow.clear()
    swapping._timeouts.clear()
    refilling._looked_at = 0.0
