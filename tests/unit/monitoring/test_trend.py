"""Where a lag goes, by the newest samples."""

import pytest

from monitoring.console import projections


@pytest.mark.parametrize(
    ("lags", "trend"),
    [
        ([], ""),
        ([5.0] * 11, ""),
        ([0.0] * 12, "steady"),
        ([0.0] * 6 + [0.4] * 6, "steady"),
        ([100.0] * 6 + [110.0] * 6, "steady"),
        ([10.0] * 6 + [20.0] * 6, "rising"),
        ([20.0] * 6 + [10.0] * 6, "falling"),
        ([500.0] * 12 + [3.0] * 12, "steady"),
        ([None, *[10.0] * 6, None, *[20.0] * 6], "rising"),
    ],
)
def test_it_tells_the_trend(lags: list[float | None], trend: str) -> None:
    assert projections.trend(lags) == trend
