"""How pages show durations and counts."""

import pytest

from eventstore.templatetags import shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0 s"),
        (0.347, "0.35 s"),
        (12.34, "12.3 s"),
        (59.99, "60.0 s"),
        (60, "1 min"),
        (245, "4 min 5 s"),
        (7380, "2 h 3 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_it_tells_a_duration_in_units_of_its_size(
    seconds: float | None, text: str
) -> None:
    assert shown.duration(seconds) == text


@pytest.mark.parametrize(
    ("per_second", "text"),
    [(0, "0"), (0.256, "0.26"), (12.31, "12.3"), (1234.5, "1,234")],
)
def test_it_tells_a_rate_with_few_digits(per_second: float, text: str) -> None:
    assert shown.rate(per_second) == text
