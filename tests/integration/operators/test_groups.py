"""The groups that a migration makes, and what their members may do."""

import pytest
from django.contrib.auth.models import Group, User

from cqrs_site import demo_accounts
from projections import actors

pytestmark = pytest.mark.usefixtures("database")


def member(group: str) -> User:
    user = User.objects.create_user(group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return User.objects.get(pk=user.pk)  # without cached permissions


@pytest.mark.parametrize(
    ("group", "allowed"),
    [
        ("Viewer", {actors.VIEW}),
        ("Operator", actors.EVERYTHING | {actors.VIEW}),
        ("Administrator", actors.EVERYTHING | {actors.VIEW, actors.VIEW_PAYLOAD}),
    ],
)
def test_it_lets_members_of_a_group_do(group, allowed):
    actor = actors.signed_in(member(group))
    assert (actor.name, actor.permissions) == (f"user:{group}", allowed)


@pytest.mark.parametrize("group", ["Viewer", "Operator", "Administrator"])
def test_it_lets_every_group_look(group):
    user = member(group)
    for each in ("eventstore.view_event", "orders.view_ordersummary"):
        assert user.has_perm(each)
    for each in ("checkpoint", "deadletter", "operation", "auditentry"):
        assert user.has_perm(f"projections.view_{each}")


def test_it_shows_payloads_and_keys_to_administrators_only():
    for group, allowed in (
        ("Viewer", False),
        ("Operator", False),
        ("Administrator", True),
    ):
        user = member(group)
        assert user.has_perm("projections.view_payload") is allowed
        assert user.has_perm("api.add_apikey") is allowed


def test_it_puts_the_users_of_the_demo_into_their_groups():
    demo_accounts.make_users()
    operator, viewer = (
        User.objects.get(username=name) for name in ("operator", "viewer")
    )
    assert actors.signed_in(operator).permissions == actors.EVERYTHING | {actors.VIEW}
    assert actors.signed_in(viewer).permissions == {actors.VIEW}
    assert not viewer.has_perm("projections.view_payload")


def test_it_lets_nobody_do_anything_who_is_no_member_of_staff():
    user = member("Operator")
    user.is_staff = False
    assert user.has_perm("projections.pause")
    assert actors.signed_in(user).permissions == frozenset()
