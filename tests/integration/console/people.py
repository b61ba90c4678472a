"""Whoever opens the console: members of the groups that migrations make."""

from html import unescape

from django.contrib.auth.models import Group, User
from django.test import Client


def member(group: str) -> Client:
    """Signed in, as one of a group of its own; "" for staff without any."""
    user = User.objects.create_user(group or "stranger", is_staff=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def body(client: Client, url: str, *, status: int = 200, **more: object) -> str:
    """What the page says, with entities as characters; it keeps to the strict CSP."""
    answer = client.get(url, **more)
    assert answer.status_code == status, (url, answer.status_code)
    text: str = answer.content.decode()
    assert "<style" not in text
    assert "style=" not in text
    return unescape(text)
