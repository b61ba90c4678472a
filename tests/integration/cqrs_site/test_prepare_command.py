"""`manage.py prepare`: the users and the key it makes, and those not yet shown."""

import io
import json

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from api import keys
from cqrs_site import environment
from cqrs_site.up import unshown


@pytest.fixture(autouse=True)
def local(database, tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "LOCAL_DIR", tmp_path)
    return tmp_path


def prepare(*arguments: str) -> str:
    out = io.StringIO()
    call_command("prepare", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_it_tells_up_the_same_again_until_they_were_shown(local):
    first = json.loads(prepare("--json"))
    assert User.objects.get(username="admin").check_password(
        first["passwords"]["admin"]
    )
    assert keys.verify(first["key"])
    assert json.loads(prepare("--json")) == first
    unshown.forget(local)
    again = json.loads(prepare("--json"))
    assert (again["passwords"], again["key"]) == ({}, None)


def test_it_does_not_tell_what_is_no_longer_true(local):
    first = json.loads(prepare("--json"))
    viewer = User.objects.get(username="viewer")
    viewer.set_password("another")
    viewer.save()
    keys.revoke("demo")
    again = json.loads(prepare("--json"))
    del first["passwords"]["viewer"]
    assert (again["passwords"], again["key"]) == (first["passwords"], None)


def test_it_makes_new_ones_when_it_was_killed_before_the_commit(local):
    lost = {"admin": "never committed"}
    unshown.keep(local, unshown.Unshown(passwords=lost, key="cqrs_00000000_x"))
    made = json.loads(prepare("--json"))
    assert made["passwords"]["admin"] != lost["admin"]
    assert keys.verify(made["key"])


def test_it_prints_them_to_a_person_and_keeps_nothing(local):
    lines = prepare().split("\n")
    assert [line.split()[0] for line in lines[:3]] == ["admin", "operator", "viewer"]
    assert keys.verify(lines[3])
    assert not list(local.iterdir())
