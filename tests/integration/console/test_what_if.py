"""What the code as deployed would make of streams: shown, and nothing is changed."""

import pytest

from tests.integration.console import people, shown
from tests.integration.projections.accounts import NAME, rows
from tests.loyalty import models

pytestmark = pytest.mark.usefixtures("holding")

PAGE = f"/ops/projections/{NAME}/what-if/"


def test_it_shows_what_would_be_different_of_a_stream(viewer):
    models.Balance.objects.filter(pk="well").update(points=99, owner="mallory")
    before = rows()
    said = shown.text(viewer.get(f"{PAGE}?stream=account-well"))
    assert "1 row would be different" in said
    assert "differs points 99 10" in said
    assert "differs owner *** ***" in said
    assert "mallory" not in said
    assert rows() == before
    assert models.Balance.objects.get(pk="well").owner == "mallory"


def test_it_folds_a_sample(viewer):
    said = shown.text(viewer.get(f"{PAGE}?sample=20"))
    assert "All rows would be the same" in said
    assert "2 streams folded" in said


def test_it_is_bounded_and_says_what_is_wrong(viewer):
    for query, why in (
        ("sample=51", "less than or equal to 50"),
        ("sample=all", "whole number"),
        ("stream=order-1", "begin with account-"),
        ("stream=account-none", "There is no stream account-none"),
    ):
        answer = viewer.get(f"{PAGE}?{query}")
        assert answer.status_code == 422, query
        assert why in shown.text(answer)
    assert viewer.get(PAGE).status_code == 200
    assert viewer.get("/ops/projections/unknown/what-if/").status_code == 404
    assert people.member("").get(PAGE).status_code == 403
