from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.system import System


@pytest.fixture
def system(tmp_path: Path, process_environment: dict[str, str]) -> Iterator[System]:
    """Not started yet; ended afterwards. Its logs stay in the test's folder."""
    made = System(tmp_path, {**process_environment, "DJANGO_SETTINGS_MODULE": ""})
    made.environment["DJANGO_SETTINGS_MODULE"] = "cqrs_site.settings"
    try:
        yield made
    finally:
        made.stop()
