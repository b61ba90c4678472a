"""Reactors at the console: paused, resumed, started, once each."""

import pytest

from projections import checkpoints
from projections.models import AuditEntry
from projections.reacting import starting
from tests.integration.console import shown

pytestmark = pytest.mark.usefixtures("holding")

NAME = "expire_unpaid_orders"
ACTS = f"/ops/reactors/{NAME}/"


@pytest.fixture(autouse=True)
def begun(holding: None) -> None:
    starting.begin()


def test_it_pauses_and_resumes(operator):
    listed = operator.get("/ops/projections/").content.decode()
    assert f"{ACTS}pause/" in listed
    answer = shown.confirm(operator, f"{ACTS}pause/", reason="bank is closed")
    assert (answer.status_code, answer["Location"]) == (
        303,
        "/ops/projections/#reactors",
    )
    assert checkpoints.live(NAME)[0].state == "paused"
    assert f"{ACTS}resume/" in operator.get("/ops/projections/").content.decode()
    assert shown.confirm(operator, f"{ACTS}resume/").status_code == 303
    assert checkpoints.live(NAME)[0].state == "running"
    assert operator.get(f"{ACTS}resume/").status_code == 409


def test_it_starts_where_one_says_after_a_typed_name(operator):
    stands = checkpoints.live(NAME)[0].position
    page = operator.get(f"{ACTS}start/?position=2")
    assert f"At most {stands - 1} events are handled again" in shown.text(page)
    form = shown.form(page) | {"reason": "lost its work"}
    assert operator.post(f"{ACTS}start/", form).status_code == 422
    assert operator.post(f"{ACTS}start/", form | {"typed": NAME}).status_code == 303
    assert checkpoints.live(NAME)[0].position == 1
    assert AuditEntry.objects.get().parameters == {"position": 2, "after": 1}


def test_it_refuses_a_viewer(viewer, operator):
    assert viewer.post(f"{ACTS}pause/").status_code == 403
    assert AuditEntry.objects.get().outcome == "refused"
    assert f"{ACTS}pause/" not in viewer.get("/ops/projections/").content.decode()
    assert operator.get("/ops/reactors/unknown/pause/").status_code == 404
