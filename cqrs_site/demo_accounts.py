"""Users and an API key to try the system with."""

import secrets

from django.conf import settings
from django.contrib.auth import hashers
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction

from api import keys
from api.models import ApiKey

KEY_NAME = "demo"
APPS = ("api", "eventstore", "monitoring", "orders", "projections")
# By user: whether everything is allowed, and the group whose rights it has.
USERS = {
    "admin": (True, ""),
    "operator": (False, "Operator"),
    "viewer": (False, "Viewer"),
}


def make_users() -> dict[str, str]:
    """The passwords of the users made now; empty when there are users already."""
    with transaction.atomic():
        if User.objects.exists():
            return {}
        return {name: _make(name, *rights) for name, rights in USERS.items()}


def make_key() -> str | None:
    """A key with every scope; None when there are keys already."""
    if ApiKey.objects.exists():
        return None
    return keys.create(name=KEY_NAME, scopes=list(settings.API_SCOPES)).key


def is_password(name: str, password: str) -> bool:
    user = User.objects.filter(username=name).first()
    return user is not None and hashers.check_password(password, user.password)


def is_key(key: str) -> bool:
    """As keys.verify, without counting as a use of the key."""
    prefix = key.split("_")[1]
    return ApiKey.objects.filter(prefix=prefix, revoked_at=None).exists()


def _make(name: str, everything: bool, group: str) -> str:
    password = secrets.token_urlsafe(12)
    user = User.objects.create_user(
        name, password=password, is_staff=True, is_superuser=everything
    )
    user.groups.set(Group.objects.filter(name=group))
    views = Permission.objects.filter(
        content_type__app_label__in=APPS, codename__startswith="view_"
    ).exclude(codename="view_payload")
    user.user_permissions.set([] if everything else views)
    return password
