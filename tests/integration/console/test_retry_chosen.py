"""Held streams that are retried together: those that were ticked, or that match."""

import pytest

from projections.models import AuditEntry, DeadLetter, Operation
from tests.integration.console import people, shown
from tests.integration.projections import accounts, rebuilds
from tests.integration.projections.accounts import NAME, earn
from tests.integration.projections.rebuilds import State

pytestmark = pytest.mark.usefixtures("holding")

PAGE = "/ops/dead-letters/"
RETRY = f"{PAGE}retry/"


@pytest.fixture
def more(holding: None) -> list[DeadLetter]:
    """Two streams beside the one that `holding` leaves held."""
    for name in ("more-a", "more-b"):
        accounts.open_account(name)
        earn(3, id=name)
    accounts.follow()
    return list(DeadLetter.objects.filter(stream__startswith="account-more"))


def test_it_retries_those_that_were_ticked_and_no_other(operator, more):
    # None is tried by itself, as one whose next attempt is due would be.
    DeadLetter.objects.update(state="parked", next_attempt_at=None)
    untouched = DeadLetter.objects.exclude(pk__in=[each.pk for each in more]).get()
    path = f"{RETRY}?id={more[0].pk}&id={more[1].pk}"
    page = operator.get(path)
    assert "2 streams, and what is held of them." in shown.text(page)
    for each in more:
        hidden = f'<input type="hidden" name="id" value="{each.pk}">'
        assert hidden in page.content.decode()
    both = [str(each.pk) for each in more]
    answer = shown.confirm(operator, path, id=both)
    operation = Operation.objects.get()
    assert answer["Location"] == f"/ops/operations/{operation.pk}/"
    assert operation.total == 2
    assert AuditEntry.objects.get().parameters == {"ids": [each.pk for each in more]}
    rebuilds.until(operation, State.FINISHED)
    assert [DeadLetter.objects.get(pk=each.pk).attempts for each in more] == [2, 2]
    assert DeadLetter.objects.get(pk=untouched.pk).attempts == untouched.attempts


def test_it_retries_all_that_match_as_the_list_leads_to(operator, more):
    page = operator.get(f"{PAGE}?projection={NAME}&stream=account-more")
    assert "Retry all 2 that match" in shown.text(page)
    answer = shown.confirm(operator, f"{RETRY}?{page.context['matching_fields']}")
    assert answer.status_code == 303
    operation = Operation.objects.get()
    assert (operation.total, operation.parameters) == (2, {"stream": "account-more"})


def test_it_counts_what_matches_a_chosen_cause(operator, more):
    DeadLetter.objects.filter(pk=more[0].pk).update(error="KeyError: 'colour'")
    (other,) = [
        each
        for each in operator.get(PAGE).context["causes"].groups
        if each.error.startswith("KeyError")
    ]
    page = operator.get(f"{PAGE}?projection={NAME}&error_key={other.error_key}")
    assert "Retry all 1 that match" in shown.text(page)


def test_it_wants_streams_of_one_projection(operator, more):
    page = operator.get(RETRY)
    assert page.status_code == 422
    assert "Tick some streams, or choose those of one projection" in shown.text(page)
    DeadLetter.objects.filter(pk=more[0].pk).update(projection="another")
    page = operator.get(f"{RETRY}?id={more[0].pk}&id={more[1].pk}")
    assert page.status_code == 422
    assert f"These are held for another and {NAME}" in shown.text(page)


def test_it_says_that_what_was_ticked_is_free_meanwhile(operator, more):
    path = f"{RETRY}?id={more[0].pk}"
    form = shown.form(operator.get(path))
    more[0].delete()
    page = operator.get(path)
    assert page.status_code == 422
    assert "None of these streams is held any longer" in shown.text(page)
    page = operator.post(RETRY, form)
    assert page.status_code == 409
    assert "holds nothing that matches" in shown.text(page)
    assert not Operation.objects.exists()


def test_only_who_may_retry_is_shown_boxes_to_tick(operator, more):
    box = f'name="id" value="{more[0].pk}"'
    assert box in operator.get(PAGE).content.decode()
    viewer = people.member("Viewer")
    assert box not in viewer.get(PAGE).content.decode()
    assert viewer.get(f"{RETRY}?id={more[0].pk}").status_code == 403


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"{PAGE}?stream=%00", "character with the code 0"),
        (f"{PAGE}export/?type=%00", "character with the code 0"),
        (f"{PAGE}?state=gone", "state is one of retrying, parked"),
        (f"{RETRY}?id=seven", "id is the number of a dead letter"),
        (f"{RETRY}?projection=%00", "character with the code 0"),
        ("/ops/operations/?projection=%00", "character with the code 0"),
        ("/ops/operations/?kind=rebild", "kind is one of rebuild, rollback, retry"),
        ("/ops/operations/?state=ended", "not “ended”"),
    ],
)
def test_it_says_what_is_wrong_with_a_filter(operator, address, said):
    page = operator.get(address)
    assert page.status_code == 422
    assert said in shown.text(page)


def test_it_confirms_the_streams_that_were_shown_and_no_others(operator, more):
    form = shown.form(operator.get(f"{RETRY}?id={more[0].pk}"))
    answer = operator.post(RETRY, {**form, "id": str(more[1].pk)})
    assert answer.status_code == 400
    assert "this confirmation is not for" in shown.text(answer)
    assert not Operation.objects.exists()
