"""Review pages: what is confirmed there is done once, and only as it was shown."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from projections import checkpoints, control
from projections.models import AuditEntry, DeadLetter, Operation
from tests.integration.console import people, shown
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME
from tests.integration.projections.rebuilds import State

pytestmark = pytest.mark.usefixtures("holding")

PAGE = f"/ops/projections/{NAME}/"
PAUSE = f"{PAGE}pause/"


def state() -> str:
    return str(checkpoints.live(NAME)[0].state)


def test_it_pauses_and_says_so(operator):
    page = operator.get(PAUSE)
    assert page.status_code == 200
    assert "paused after the batch at work" in shown.text(page)
    assert state() == "running"
    answer = operator.post(PAUSE, {**shown.form(page), "reason": "an index"})
    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    assert state() == "paused"
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.reason) == ("user:Operator", "an index")
    said = shown.text(operator.get(PAGE))
    assert f"{NAME} is paused." in said
    assert "By user:Operator" in said
    assert "Resume projection" in said


def test_it_leads_to_the_operation_that_it_began(operator):
    answer = shown.confirm(operator, f"{PAGE}rebuild/?review=true&partitions=2")
    operation = Operation.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"/ops/operations/{operation.pk}/"
    assert operation.parameters == {"review": True, "partitions": 2}


def test_it_acts_once_when_the_form_is_sent_again(operator):
    form = shown.form(operator.get(PAUSE))
    first, second = operator.post(PAUSE, form), operator.post(PAUSE, form)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"]
    assert AuditEntry.objects.count() == 1
    assert "it was not done again" in shown.text(operator.get(PAGE))


def test_it_leads_a_second_submission_to_the_operation_of_the_first(operator):
    path = f"{PAGE}rebuild/"
    form = shown.form(operator.get(f"{path}?review=true"))
    first, second = operator.post(path, form), operator.post(path, form)
    assert first["Location"] == second["Location"]
    assert Operation.objects.count() == 1


@pytest.mark.parametrize("word", ["pause", "rebuild"])
def test_it_acts_once_when_two_submissions_come_at_once(operator, word):
    path, together = f"{PAGE}{word}/", Barrier(2)
    form = shown.form(operator.get(path))

    def submit(client) -> tuple[int, str]:
        together.wait()
        try:
            answer = client.post(path, form)
            return answer.status_code, answer.headers.get("Location", "")
        finally:
            connections.close_all()

    second = Client()
    second.force_login(User.objects.get(username="Operator"))
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(submit, [operator, second])
    assert one == other
    assert one[0] == 303
    assert AuditEntry.objects.count() == 1


def test_it_says_what_changed_where_somebody_was_faster(operator):
    form = shown.form(operator.get(f"{PAGE}rebuild/"))
    control.pause(NAME, actor=accounts.ADA, reason="")
    control.resume(NAME, actor=accounts.ADA, reason="")
    rebuilds.rebuild()
    answer = operator.post(f"{PAGE}rebuild/", {**form, "reason": "totals"})
    said = shown.text(answer)
    assert answer.status_code == 409
    assert f"{NAME} got other tables (generation 2)" in said
    assert "generation 2, version 1" in said  # afresh
    assert "totals" in said
    assert Operation.objects.count() == 1
    again = operator.post(f"{PAGE}rebuild/", shown.form(answer))
    assert again.status_code == 303


def test_it_shows_no_form_for_what_the_state_does_not_allow(operator):
    for word in ("resume", "swap", "rollback", "discard", "cancel"):
        page = operator.get(f"{PAGE}{word}/")
        assert page.status_code == 409, word
        assert "confirmation" not in shown.form(page)
    assert "is running already" in shown.text(operator.get(f"{PAGE}resume/"))


@pytest.mark.parametrize("forged", ["", "forged", "of another"])
def test_it_takes_no_confirmation_but_its_own(operator, forged):
    if forged == "of another":
        other = people.member("Administrator")
        forged = shown.form(other.get(PAUSE))["confirmation"]
    answer = operator.post(PAUSE, {"confirmation": forged, "reason": "because I say"})
    assert answer.status_code == 400
    assert state() == "running"
    assert "because I say" in shown.text(answer)
    assert operator.post(PAUSE, shown.form(answer)).status_code == 303


def test_it_asks_for_the_name_where_something_is_lost(operator):
    rebuilds.rebuild()
    path = f"{PAGE}discard/"
    form = shown.form(operator.get(path))
    for typed in ("", "order_summary", NAME.upper()):
        answer = operator.post(path, {**form, "reason": "old", "typed": typed})
        assert answer.status_code == 422
        assert f"This is not {NAME}" in shown.text(answer)
        assert 'value="' + form["confirmation"] in answer.content.decode()
    answer = operator.post(path, {**form, "reason": "old", "typed": NAME})
    assert answer.status_code == 303
    assert list(rebuilds.roles()) == ["live"]


def test_it_asks_for_a_reason_where_one_is_needed(operator):
    rebuilds.rebuild()
    path = f"{PAGE}rollback/"
    form = shown.form(operator.get(path))
    answer = operator.post(path, {**form, "reason": " "})
    assert answer.status_code == 422
    assert 'aria-describedby="reason-fault" autofocus' in answer.content.decode()
    assert Operation.objects.count() == 1
    answer = operator.post(path, {**form, "reason": "x" * 501})
    assert answer.status_code == 422
    assert "these are 501" in shown.text(answer)
    assert operator.post(path, {**form, "reason": "totals"}).status_code == 303


def test_it_says_what_is_wrong_with_parameters(operator):
    for query in ("partitions=0", "partitions=many", "from_timestamp=yesterday"):
        page = operator.get(f"{PAGE}rebuild/?{query}")
        assert page.status_code == 422, query
        assert 'class="fault"' in page.content.decode()
    assert operator.get(f"{PAGE}repartition/").status_code == 422
    assert operator.get(f"{PAGE}dance/").status_code == 404
    assert operator.get("/ops/projections/unknown/pause/").status_code == 404


WORDS = ("pause", "resume", "rebuild", "swap", "rollback", "discard", "cancel")


def test_it_refuses_a_viewer_and_writes_that_down(viewer):
    for word in (*WORDS, "repartition"):
        path = f"{PAGE}{word}/"
        assert viewer.get(path).status_code == 403
        form = {"confirmation": "", "reason": "please"}
        assert viewer.post(path, form).status_code == 403
    refused = AuditEntry.objects.filter(outcome="refused", actor="user:Viewer")
    assert refused.count() == len(AuditEntry.objects.all()) == len(WORDS) + 1
    assert state() == "running"


def test_it_shows_a_viewer_no_buttons(viewer):
    said = shown.text(viewer.get(PAGE))
    assert "Pause projection" not in said
    assert "Rebuild…" not in said
    listed = viewer.get("/ops/projections/").content.decode()
    assert f"{PAGE}pause/" not in listed


def test_it_retries_and_skips_a_held_stream(operator):
    id = DeadLetter.objects.get().pk
    path = f"/ops/dead-letters/{id}/"
    answer = shown.confirm(operator, f"{path}retry/")
    assert answer.status_code == 303
    assert DeadLetter.objects.get().attempts == 2
    form = shown.form(operator.get(f"{path}skip/"))
    told = {**form, "reason": "broken", "typed": "PointsEarned"}
    assert operator.post(f"{path}skip/", {**form, "reason": "b"}).status_code == 422
    assert operator.post(f"{path}skip/", told).status_code == 303
    assert not DeadLetter.objects.exists()
    assert operator.get(f"{path}retry/").status_code == 409


def test_it_retries_all_and_cancels_that(operator):
    many = "/ops/dead-letters/retry/"
    answer = shown.confirm(operator, f"{many}?projection={NAME}")
    operation = Operation.objects.get()
    assert answer["Location"] == f"/ops/operations/{operation.pk}/"
    answer = shown.confirm(operator, f"/ops/operations/{operation.pk}/cancel/")
    assert answer.status_code == 303
    operation.refresh_from_db()
    assert operation.state == State.CANCELLED
    assert operator.get(f"{many}?projection=unknown").status_code == 404


def test_it_retries_those_that_match(operator):
    many, id = (
        f"/ops/dead-letters/retry/?projection={NAME}",
        DeadLetter.objects.get().pk,
    )
    assert operator.get(f"{many}&type=AccountOpened").status_code == 409
    assert "holds nothing" in shown.text(operator.get(f"{many}&id={id + 1}"))
    path = f"{many}&type=PointsEarned&id={id}"
    said = shown.text(operator.get(path))
    assert "type PointsEarned" in said.replace("Type", "type")
    assert shown.confirm(operator, path, id=str(id)).status_code == 303
    operation = Operation.objects.get()
    assert operation.total == 1
    assert "PointsEarned" in str(operation.parameters)


def test_it_refuses_a_viewer_at_held_streams_and_operations(viewer):
    id = DeadLetter.objects.get().pk
    operation = rebuilds.begin()
    before = AuditEntry.objects.count()
    for path in (
        f"/ops/dead-letters/{id}/retry/",
        f"/ops/dead-letters/{id}/skip/",
        f"/ops/dead-letters/retry/?projection={NAME}",
        f"/ops/operations/{operation.pk}/cancel/",
    ):
        assert viewer.get(path).status_code == 403
        assert viewer.post(path, {"projection": NAME}).status_code == 403
    assert AuditEntry.objects.filter(outcome="refused").count() == 4
    assert AuditEntry.objects.count() == before + 4


def test_it_confirms_what_was_shown_and_nothing_else(operator):
    path = f"{PAGE}rebuild/"
    form = shown.form(operator.get(f"{path}?review=true"))
    answer = operator.post(path, {**form, "review": "", "partitions": "4"})
    assert answer.status_code == 400
    assert not Operation.objects.exists()
    assert operator.post(path, form).status_code == 303
