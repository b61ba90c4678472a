"""Members of staff at the console, by the groups that the migrations make."""

import re
from html import unescape
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client


def client(*groups: str, name: str = "vera") -> Client:
    """Signed in; "root" is a superuser. Client.name: as the audit has it."""
    user, made = User.objects.get_or_create(username=name)
    if made:
        user.is_staff = True
        user.is_superuser = name == "root"
        user.save()
        user.groups.set([Group.objects.get(name=each) for each in groups])
    found = Client(raise_request_exception=False)
    found.force_login(user)
    return found


def form(page: Any) -> dict[str, str]:
    """The hidden fields of the review page's form, but for Django's own."""
    found = re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.content.decode()
    )
    return {
        name: unescape(value)
        for name, value in found
        if name not in {"csrfmiddlewaretoken", "next", "zone"}
    }


def text(page: Any) -> str:
    """What is to be read, without tags and with single spaces."""
    shown = re.sub(r"<[^>]+>", " ", page.content.decode())
    return " ".join(unescape(shown).split())
