"""Rows in the order that the address names."""

from django.test import RequestFactory

from monitoring.console import sorting

COLUMNS = {"name": lambda row: row[0], "lag": lambda row: row[1]}
ROWS = [("b", 3), ("a", None), ("c", 1)]


def ordered(query: str) -> str:
    request = RequestFactory().get(f"/?{query}")
    rows = sorting.ordered(request, ROWS, columns=COLUMNS, default="name")
    return "".join(name for name, _ in rows)


def test_it_sorts_up_and_down():
    assert ordered("sort=name") == "abc"
    assert ordered("sort=-name") == "cba"


def test_what_is_unknown_comes_last_either_way():
    assert ordered("sort=lag") == "cba"
    assert ordered("sort=-lag") == "bca"


def test_a_column_that_is_none_counts_as_the_default():
    assert ordered("sort=colour") == ordered("sort=-") == ordered("") == "abc"
