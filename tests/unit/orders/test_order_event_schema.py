"""docs/events/schema.json is what readers of events were promised."""

import json
from pathlib import Path

import jsonschema
import pytest

from eventstore import compatibility, schemas
from orders.streams import CUSTOMER, ORDER
from tests.servers import ROOT
from tests.unit.orders.test_order_stored_events import FORMS, SAMPLES

STREAM_TYPES = [CUSTOMER, ORDER]
KEPT = ROOT / "docs" / "events" / "schema.json"


def test_it_breaks_no_stored_version() -> None:
    kept = json.loads(KEPT.read_text("utf-8"))
    now = schemas.document(STREAM_TYPES)
    changes = compatibility.compare(kept, now, stream_types=STREAM_TYPES)
    assert [str(each) for each in changes if each.breaking] == []


def test_it_is_kept_up_to_date() -> None:
    again = "manage.py event_store schema > docs/events/schema.json"
    assert schemas.text(schemas.document(STREAM_TYPES)) == KEPT.read_text("utf-8"), (
        again
    )


@pytest.mark.parametrize(
    ("sample", "form"),
    list(zip(SAMPLES, FORMS, strict=True)),
    ids=[each.name for each in SAMPLES],
)
def test_it_describes_what_is_stored(sample: Path, form: list[str]) -> None:
    type, version = form
    forms = json.loads(KEPT.read_text("utf-8"))["$defs"]
    schema = forms[f"order/{type}/{version.removeprefix('v')}"]
    jsonschema.Draft202012Validator.check_schema(schema)
    stored = json.loads(sample.read_text("utf-8"))
    jsonschema.validate(stored, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**stored, "colour": "red"}, schema)
