"""What the fault tests share: their length, their seed, processes to kill."""

import os
import sys
from collections.abc import Iterator
from random import SystemRandom

import pytest

from tests.faults import nursery


@pytest.fixture
def soak_seconds() -> float:
    """CQRS_SOAK_SECONDS: how long the soak lasts; 20 in the ordinary run."""
    return float(os.environ.get("CQRS_SOAK_SECONDS", "20"))


@pytest.fixture
def seed() -> int:
    """CQRS_FAULTS_SEED, else a random one; pytest shows it when the test fails."""
    chosen = int(os.environ.get("CQRS_FAULTS_SEED") or SystemRandom().getrandbits(32))
    sys.stdout.write(f"CQRS_FAULTS_SEED={chosen}\n")
    return chosen


@pytest.fixture
def children(process_environment: dict[str, str]) -> Iterator[nursery.Nursery]:
    """Starts processes on the test databases; all are dead at the end."""
    with nursery.opened(process_environment) as opened:
        yield opened
