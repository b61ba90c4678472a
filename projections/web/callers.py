"""Who asks over HTTP, as the door wants to know it."""

from django.contrib.auth.models import User
from rest_framework.request import Request

from api import authentication
from api.keys import VerifiedKey
from projections import actors
from projections.actors import Actor

WRITE = "ops:write"


def actor(request: Request) -> Actor:
    """A key with ops:write may do everything, a member of staff what is permitted."""
    name = authentication.actor(request)
    if isinstance(request.auth, VerifiedKey):
        allowed = actors.EVERYTHING if WRITE in request.auth.scopes else frozenset()
        return Actor(name, allowed)
    user = request.user
    return actors.signed_in(user) if isinstance(user, User) else Actor(name)
