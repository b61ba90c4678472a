"""People who look at the pages of orders, and what they read there."""

import html
import re
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client


def signed_in(name: str, *groups: str, is_staff: bool = True) -> Client:
    user = User.objects.create_user(name, password="x", is_staff=is_staff)
    user.groups.set(Group.objects.filter(name__in=groups))
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def viewer() -> Client:
    return signed_in("vera", "Viewer")


def administrator() -> Client:
    return signed_in("ada", "Administrator")


def page(answer: Any, status: int = 200) -> str:
    """The HTML of an answer."""
    shown: str = answer.content.decode()
    assert answer.status_code == status, shown
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", shown)
    return shown


def text(answer: Any, status: int = 200) -> str:
    """What is to be read in the page's <main>, in one line."""
    _, _, main = page(answer, status).partition("<main")
    bare = re.sub(r"<[^>]*>", " ", main.partition(">")[2])
    return " ".join(html.unescape(bare).split())
