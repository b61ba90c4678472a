"""Every code that the API answers is in the register, and no other one is."""

import ast
import re
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.test import Client

from api import codes, fields, problem_reference, problems, serializers
from orders.domain.errors import OrderError
from projections.errors import ProjectionError, Unconfirmed
from projections.web import refusals
from tests.pages import DOCS
from tests.servers import ROOT

PACKAGES = ("api", "eventstore", "orders", "projections")
REGISTERED = {each.name: each for each in codes.registered()}
FAULTS = {each.name for each in codes.registered_faults()}


def sources() -> Iterator[ast.Module]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.name != "problem_codes.py" and "management" not in path.parts:
                yield ast.parse(path.read_text("utf-8"))


def calls(name: str) -> Iterator[ast.Call]:
    for source in sources():
        for node in ast.walk(source):
            if isinstance(node, ast.Call):
                called = node.func
                if getattr(called, "id", getattr(called, "attr", "")) == name:
                    yield node


def words() -> set[str]:
    """All texts of the sources, and what they are when they are told as a code."""
    found = {
        node.value
        for source in sources()
        for node in ast.walk(source)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return found | {each.replace("_", "-") for each in found}


def raised() -> set[str]:
    told = {
        keyword.value.value
        for call in calls("Problem")
        for keyword in call.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
    }
    documented = {
        call.args[1].value
        for call in calls("Failure")
        if len(call.args) > 1 and isinstance(call.args[1], ast.Constant)
    }
    return told | documented | set(problems._CODES.values())


def children(root: type) -> list[type]:
    own = root.__subclasses__()
    return own + [further for child in own for further in children(child)]


def test_every_code_that_is_raised_is_registered():
    assert len(raised()) > 20
    assert raised() <= set(REGISTERED)


@pytest.mark.parametrize("error", children(OrderError), ids=lambda each: each.__name__)
def test_every_refusal_of_the_domain_is_registered(error):
    if hasattr(error, "code"):
        assert REGISTERED[error.code].status == error.status


@pytest.mark.parametrize(
    "error",
    [each for each in children(ProjectionError) if not issubclass(each, Unconfirmed)],
    ids=lambda each: each.__name__,
)
def test_every_refusal_of_the_engine_is_registered(error):
    if error in refusals.POINTERS:
        assert error.code in FAULTS
    elif error.code in ("read-model-behind", "too-many-waiting"):
        assert REGISTERED[error.code].status == 503
    else:
        assert REGISTERED[error.code].status == refusals.STATUSES.get(error, 409)


def test_every_registered_code_is_told_somewhere():
    assert words() >= set(REGISTERED)


def test_every_fault_that_is_told_is_registered():
    told = {
        call.args[1].value
        for call in calls("Fault")  # of the API; the domain's has two arguments
        if len(call.args) == 3 and isinstance(call.args[1], ast.Constant)
    }
    for kind in (
        serializers.StrictSerializer,
        serializers.StrictListSerializer,
        fields.StrictField,
        *children(fields.StrictField),
    ):
        told |= {name.replace("_", "-") for name in kind.default_error_messages}
    assert len(told) > 20
    assert told <= FAULTS


def test_every_registered_fault_is_told_somewhere():
    assert words() >= FAULTS


def test_the_reference_is_what_the_register_says(capsys):
    call_command("problem_codes")
    printed = capsys.readouterr().out
    assert printed == problem_reference.markdown()
    assert (DOCS / "reference/problems.md").read_text("utf-8") == printed


def test_a_problems_type_leads_to_its_entry(database):
    client = Client()
    problem = client.get("/api/v1/queries/orders").json()
    page, _, anchor = problem["type"].partition("#")
    answer = client.get(page)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert anchor == "not-authenticated"
    assert set(REGISTERED) <= set(re.findall(r'id="([a-z-]+)"', html))
    assert "style=" not in html
    assert "<script" not in html
    assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_a_code_has_one_meaning():
    known = codes.get("invalid")
    codes.register(known)
    with pytest.raises(ValueError, match="registered already"):
        codes.register(
            codes.Code(name="invalid", status=400, when="otherwise", then="nothing")
        )
