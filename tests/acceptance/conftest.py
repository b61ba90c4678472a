from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance import checkout as checkouts
from tests.acceptance.checkout import Checkout
from tests.acceptance.system import System


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A copy of the project that is not started yet; nothing of it runs afterwards."""
    made = checkouts.copied(tmp_path / "a check out")
    yield made
    made.clear()


@pytest.fixture
def system(tmp_path: Path, process_environment: dict[str, str]) -> Iterator[System]:
    """Not started yet; ended afterwards. Its logs stay in the test's folder."""
    made = System(tmp_path, {**process_environment, "DJANGO_SETTINGS_MODULE": ""})
    made.environment["DJANGO_SETTINGS_MODULE"] = "cqrs_site.settings"
    try:
        yield made
    finally:
        made.stop()
