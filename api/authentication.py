"""Who asks: an API key (`Authorization: Bearer …`) or a signed-in member of staff."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from api import keys
from api.keys import VerifiedKey


class ApiKeyAuthentication(BaseAuthentication):
    """`request.auth` becomes the VerifiedKey; `request.user` stays anonymous."""

    def authenticate(
        self, request: Request
    ) -> tuple[AnonymousUser, VerifiedKey] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        verified = keys.verify(token.strip(" "))
        if verified is None:
            raise AuthenticationFailed("The API key is unknown, expired or revoked.")
        return AnonymousUser(), verified

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def scopes(request: Request) -> frozenset[str]:
    """What the caller may do: a key's scopes; all of them for staff; else none."""
    if isinstance(request.auth, VerifiedKey):
        return request.auth.scopes
    if request.user.is_authenticated and request.user.is_staff:
        return frozenset(settings.API_SCOPES)
    return frozenset()


def caller(request: Request) -> str | None:
    """Whose requests are counted together: "key:PREFIX" or "user:ID"; None: unknown."""
    if isinstance(request.auth, VerifiedKey):
        return f"key:{request.auth.prefix}"
    return f"user:{request.user.pk}" if request.user.is_authenticated else None


def actor(request: Request) -> str:
    """Who asks, for metadata and audit: "key:NAME" or "user:NAME"."""
    if isinstance(request.auth, VerifiedKey):
        return f"key:{request.auth.name}"
    return f"user:{request.user.get_username()}"
