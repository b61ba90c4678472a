"""Buttons of the admin lead to review pages of the console, for whoever may act."""

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projections import actors, control
from projections.models import Checkpoint, DeadLetter, Operation
from tests.integration.console.people import member
from tests.integration.operators.conftest import holding
from tests.integration.projections.accounts import NAME

__all__ = ["holding"]

pytestmark = pytest.mark.usefixtures("holding")

ANN = actors.program("ann")
LISTS = ("checkpoint", "deadletter", "operation", "auditentry")


def shown(client: Client, path: str) -> str:
    answer = client.get(f"/admin/projections/{path}")
    assert answer.status_code == 200
    return answer.content.decode()


def checkpoint() -> int:
    return Checkpoint.objects.get(projection=NAME).pk


def act(word: str) -> str:
    return f'href="/ops/projections/{NAME}/{word}/"'.replace('"', "'")


def has(text: str, link: str) -> bool:
    return link in text or link.replace("'", '"') in text


def test_a_projection_can_be_paused_rebuilt_and_retried_from_list_and_page():
    operator = member("Operator")
    retry = f"href='/ops/dead-letters/retry/?projection={NAME}'"
    for path in ("checkpoint/", f"checkpoint/{checkpoint()}/change/"):
        page = shown(operator, path)
        for link in (act("pause"), act("rebuild"), retry):
            assert has(page, link), (path, link)
        assert not has(page, act("resume"))
        assert not has(page, act("swap"))


def test_a_paused_projection_can_be_resumed():
    control.pause(NAME, actor=ANN, reason="")
    page = shown(member("Operator"), "checkpoint/")
    assert has(page, act("resume"))
    assert not has(page, act("pause"))


def test_a_rebuild_under_way_can_be_cancelled():
    operation = control.rebuild(NAME, actor=ANN, reason="", review=True)
    operator = member("Operator")
    assert has(shown(operator, "checkpoint/"), act("cancel"))
    assert not has(shown(operator, "checkpoint/"), act("rebuild"))
    cancel = f"href='/ops/operations/{operation.pk}/cancel/'"
    for path in ("operation/", f"operation/{operation.pk}/change/"):
        assert has(shown(operator, path), cancel)
    control.cancel(NAME, actor=ANN, reason="")
    assert not has(shown(operator, "operation/"), cancel)


def test_a_rebuild_that_is_ready_can_be_swapped():
    operation = control.rebuild(NAME, actor=ANN, reason="", review=True)
    Operation.objects.filter(pk=operation.pk).update(state="ready")
    operator = member("Operator")
    for path in ("checkpoint/", "operation/", f"operation/{operation.pk}/change/"):
        assert has(shown(operator, path), act("swap")), path


def test_a_held_stream_can_be_retried_and_skipped():
    letter = DeadLetter.objects.get()
    operator = member("Operator")
    for path in ("deadletter/", f"deadletter/{letter.pk}/change/"):
        page = shown(operator, path)
        assert "ValueError: three" in page
        for word in ("retry", "skip"):
            assert has(page, f"href='/ops/dead-letters/{letter.pk}/{word}/'")


def test_a_viewer_is_shown_no_button():
    letter, viewer = DeadLetter.objects.get(), member("Viewer")
    paths = (
        "checkpoint/",
        f"checkpoint/{checkpoint()}/change/",
        "deadletter/",
        f"deadletter/{letter.pk}/change/",
    )
    for path in paths:
        page = shown(viewer, path)
        assert "class='act'" not in page
        assert not any(has(page, act(word)) for word in ("pause", "rebuild", "resume"))
        assert f"/ops/dead-letters/{letter.pk}/retry/" not in page


@pytest.mark.parametrize("group", ["Viewer", "Operator", "Administrator"])
def test_nobody_changes_a_row_there(group: str):
    letter, client = DeadLetter.objects.get(), member(group)
    path = f"/admin/projections/deadletter/{letter.pk}"
    assert client.post(f"{path}/change/", {"attempts": 9}).status_code == 403
    assert client.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    assert DeadLetter.objects.get().attempts == letter.attempts


@pytest.mark.parametrize("name", LISTS)
def test_a_list_counts_nothing_and_asks_as_often_for_many_rows(name: str):
    viewer = member("Viewer")

    def asked() -> list[str]:
        with (
            CaptureQueriesContext(connections["default"]) as log,
            CaptureQueriesContext(connections["read"]) as read,
        ):
            shown(viewer, f"{name}/")
        return [each["sql"] for each in (*log, *read)]

    few = asked()
    for _ in range(5):
        control.rebuild(NAME, actor=ANN, reason="", review=True)
        control.cancel(NAME, actor=ANN, reason="")
    many = asked()
    assert len(many) <= len(few) <= 22
    assert not [sql for sql in many if "COUNT(*)" in sql.upper()[:40]]


def test_pages_of_the_log_lead_to_the_console():
    letter, client = DeadLetter.objects.get(), member("Administrator")
    event = client.get(f"/admin/eventstore/event/{letter.position}/change/")
    assert f"/ops/events/{letter.position}/" in event.content.decode()
    stream = client.get(f"/admin/eventstore/stream/{letter.stream}/change/")
    assert f"/ops/streams/{letter.stream}/" in stream.content.decode()
