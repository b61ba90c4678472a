"""Lines over time: scaled, with gaps, and told as a table."""

from datetime import UTC, datetime, timedelta

from monitoring.console import drawn

BEGINS = datetime(2026, 11, 24, tzinfo=UTC)


def times(number: int) -> list[datetime]:
    return [BEGINS + timedelta(seconds=10 * each) for each in range(number)]


def test_it_breaks_the_line_where_nothing_was_measured():
    found = drawn.line(times(5), [0.0, 4.0, None, 2.0, 2.0])
    assert found.stretches == ["0.0,30.0 30.0,0.0", "90.0,15.0 120.0,15.0"]
    assert (found.latest, found.most, found.gaps) == (2.0, 4.0, 1)


def test_it_counts_no_gap_before_the_first_measurement():
    assert drawn.line(times(4), [None, None, 1.0, None]).gaps == 1
    assert drawn.line(times(2), [None, None]).gaps == 0


def test_it_draws_a_lonely_measurement():
    assert drawn.line(times(3), [None, 1.0, None]).stretches == ["60.0,0.0 60.0,0.0"]


def test_it_keeps_to_a_scale_that_others_share():
    (points,) = drawn.line(times(2), [1.0, 1.0], top=2.0).stretches
    assert points == "0.0,15.0 120.0,15.0"


def test_its_table_has_the_most_of_each_piece():
    values = [float(each) for each in range(180)]
    rows = drawn.line(times(180), values).rows
    assert len(rows) == 15
    assert rows[0] == (BEGINS, 11.0)
    assert rows[-1][1] == 179.0


def test_its_table_says_where_nothing_was_measured():
    rows = drawn.line(times(30), [None] * 2 + [1.0] * 28).rows
    assert rows[0][1] is None
