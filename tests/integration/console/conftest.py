"""Fixtures of projections in a known state."""

from tests.integration.operators.conftest import holding
from tests.integration.projections.conftest import no_memory_of_other_tests

__all__ = ["holding", "no_memory_of_other_tests"]
