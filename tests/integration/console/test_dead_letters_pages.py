"""Held streams: by cause, one by one, exported; what is shown to whom."""

import json

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from projections.models import DeadLetter
from tests.integration.console import shown
from tests.integration.projections import accounts
from tests.integration.projections.accounts import NAME, earn

pytestmark = pytest.mark.usefixtures("holding")

PAGE = "/ops/dead-letters/"


def letter() -> DeadLetter:
    return DeadLetter.objects.get()


def hold_more(number: int) -> None:
    for each in range(number):
        accounts.open_account(f"more-{each}")
        earn(3, id=f"more-{each}")
    accounts.follow()


def test_it_groups_what_is_held_by_its_cause(viewer):
    hold_more(3)
    page = viewer.get(PAGE)
    (cause,) = page.context["causes"].groups
    assert (cause.projection, cause.error, cause.count) == (
        NAME,
        "ValueError: three",
        4,
    )
    assert len(page.context["letters"]) == 4
    assert "4 streams held" in shown.text(page)


def test_it_narrows_to_a_cause_or_a_stream(viewer):
    hold_more(2)
    key = viewer.get(PAGE).context["causes"].groups[0].error_key
    assert len(viewer.get(f"{PAGE}?error_key={key}").context["letters"]) == 3
    assert viewer.get(f"{PAGE}?error_key=other").context["letters"] == []
    only = viewer.get(f"{PAGE}?stream=account-more").context["letters"]
    assert len(only) == 2


def test_it_says_that_nothing_is_held(viewer):
    DeadLetter.objects.all().delete()
    assert "Nothing has to be done now" in shown.text(viewer.get(PAGE))


def test_it_offers_actions_to_whoever_may(viewer, operator):
    held = letter()
    retry, skip = (f'href="{PAGE}{held.pk}/{word}/"' for word in ("retry", "skip"))
    for path in (PAGE, f"{PAGE}{held.pk}/"):
        seen = viewer.get(path).content.decode()
        assert retry not in seen
        assert skip not in seen
        offered = operator.get(path).content.decode()
        assert retry in offered
        assert skip in offered


def test_it_tells_why_one_is_held_and_what_waits(viewer):
    page = viewer.get(f"{PAGE}{letter().pk}/")
    said = shown.text(page)
    assert "ValueError: three" in said
    assert "Traceback (most recent call last)" in said
    assert "Held: 2 events" in said
    assert [each.version for each in page.context["held"]] == [3, 4]


def test_it_counts_what_waits_behind_the_first_ones(viewer):
    for _ in range(60):
        earn(1, id="held")
    accounts.follow()
    said = shown.text(viewer.get(f"{PAGE}{letter().pk}/"))
    assert "Held: 62 events" in said
    assert "The first 50 of them" in said


def test_it_hides_the_data_of_the_event_from_who_may_not_see_it(viewer, administrator):
    path = f"{PAGE}{letter().pk}/"
    assert viewer.get(path).context["data"] == {"points": "***"}
    assert administrator.get(path).context["data"] == {"points": 3}


def test_a_stream_that_is_held_no_longer_is_told_of(viewer):
    path = f"{PAGE}{letter().pk}/"
    letter().delete()
    answer = viewer.get(path)
    assert answer.status_code == 404
    assert "it was freed, or never was held" in shown.text(answer)


def test_it_exports_what_matches_a_line_each(viewer, monkeypatch):
    hold_more(2)
    answer = viewer.get(f"{PAGE}export/?stream=account-more")
    lines = [json.loads(each) for each in answer.streaming_content]
    assert {each["stream"] for each in lines} == {"account-more-0", "account-more-1"}
    monkeypatch.setattr("monitoring.console.dead_letters.MOST", 1)
    answer = viewer.get(f"{PAGE}export/")
    *_, last = [json.loads(each) for each in answer.streaming_content]
    assert last == {"cut_off_after": 1}


def test_its_pages_ask_the_database_as_often_for_many_streams(viewer):
    def asked(path: str) -> int:
        with (
            CaptureQueriesContext(connections["default"]) as log,
            CaptureQueriesContext(connections["read"]) as read,
        ):
            assert viewer.get(path).status_code == 200
        return len(log) + len(read)

    viewer.get(PAGE)
    one = f"{PAGE}{letter().pk}/"
    few = asked(PAGE), asked(one)
    hold_more(20)
    assert (asked(PAGE), asked(one)) == few
    assert max(few) <= 13
