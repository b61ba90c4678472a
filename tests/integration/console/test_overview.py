"""The overview and the health page: from one look, bounded, worst first."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from monitoring import sampling
from projections import actors, control, status
from tests.integration.console import people, shown, stored

pytestmark = pytest.mark.usefixtures("database", "no_memory_of_other_tests")

NAME = "order_summary"


def test_a_fresh_system_says_what_to_do_next(viewer):
    said = shown.text(viewer.get("/ops/"))
    assert "No projection has started yet" in said
    assert "There is no event yet" in said
    assert "Nothing was measured yet" in said
    assert "Nobody has paused" in said


def test_it_opens_on_what_is_critical(viewer):
    stored.order()
    stored.project()
    control.pause(NAME, actor=actors.program("ann"), reason="an index")
    page = viewer.get("/ops/")
    first, _ = page.context["sentences"][0]
    assert first.state != "good"
    assert f"{NAME} is paused" in shown.text(page)
    assert page.context["worst"] == first.state
    assert f'href="/ops/projections/{NAME}/"' in page.content.decode()


def test_its_lag_is_that_of_the_list_and_the_command_line(viewer):
    stored.order()
    stored.project()
    stored.order("one", "two")
    behind = status.of(NAME).lag_events
    assert behind == 3
    listed = viewer.get("/ops/projections/").context["rows"]
    assert {row.standing.lag_events for row in listed} == {3}
    assert "The oldest unprocessed event is" in shown.text(viewer.get("/ops/"))


def test_it_draws_what_was_sampled(viewer):
    stored.order()
    stored.project()
    sampling.take()
    page = viewer.get("/ops/")
    assert {chart.title for chart in page.context["lags"]} >= {NAME, "sales_daily"}
    assert "Nothing was measured yet" not in shown.text(page)
    assert "<polyline" in page.content.decode()


def test_the_wall_board_has_no_more_than_sentences_and_charts(viewer):
    said = shown.text(viewer.get("/ops/?tv=1"))
    assert "What operators did" not in said


def test_it_asks_the_database_as_often_whatever_there_is(viewer):
    def asked(path: str) -> int:
        viewer.get(path)  # what servers tell is kept for a moment
        with (
            CaptureQueriesContext(connections["default"]) as log,
            CaptureQueriesContext(connections["read"]) as read,
        ):
            assert viewer.get(path).status_code == 200
        return len(log) + len(read)

    pages = ("/ops/", "/ops/projections/", "/ops/health/")
    before = {path: asked(path) for path in pages}
    for _ in range(10):
        stored.order("a note")
    stored.project()
    sampling.take()
    after = {path: asked(path) for path in pages}
    assert max(after.values()) <= 24
    assert all(after[path] <= before[path] + 2 for path in pages)


def test_an_open_page_is_told_that_nothing_changed(viewer):
    stored.order()
    stored.project()
    first = viewer.get("/ops/audit/", headers={"X-Live": "1"})
    assert first.status_code == 200
    assert "<header" not in first.content.decode()
    asked = {"X-Live": "1", "If-None-Match": first["ETag"]}
    assert viewer.get("/ops/audit/", headers=asked).status_code == 304
    control.pause(NAME, actor=actors.program("ann"), reason="an index")
    changed = viewer.get("/ops/audit/", headers=asked)
    assert changed.status_code == 200
    assert "an index" in changed.content.decode()


def test_the_health_page_says_what_it_stands_on(viewer):
    said = shown.text(viewer.get("/ops/health/"))
    for part in ("PostgreSQL", "Redis", "Queues", "Migrations", "Settled position"):
        assert part in said
    assert "cannot be asked" not in said


def test_the_health_page_names_an_append_that_holds_readers_back(viewer):
    stored.order()
    with connections["default"].cursor() as cursor:
        cursor.execute("BEGIN")
        stored.former("order-open", "Open", {})
        try:
            said = shown.text(viewer.get("/ops/health/"))
        finally:
            cursor.execute("ROLLBACK")
    assert "Oldest open append" in said


@pytest.mark.parametrize("path", ["", "projections/", "health/", "audit/", "commands/"])
def test_it_lets_in_only_who_may_look(database, path):
    stranger = people.member("")
    answer = stranger.get(f"/ops/{path}")
    assert answer.status_code == 403
    assert "You may not see the operations console" in shown.text(answer)
    stranger.logout()
    answer = stranger.get(f"/ops/{path}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/ops/")
    assert stranger.get(f"/ops/{path}", headers={"X-Live": "1"}).status_code == 401
