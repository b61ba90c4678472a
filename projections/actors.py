"""Who does something to a projection, and what they may do."""

import getpass
from dataclasses import dataclass

from django.contrib.auth.models import User

PAUSE = "pause"
REBUILD = "rebuild"
SWAP = "swap"
RETRY = "retry"
SKIP = "skip"
EVERYTHING = frozenset({PAUSE, REBUILD, SWAP, RETRY, SKIP})
# To look: at the console at all, and at the data of events. What a dead letter says of
# its failure is for all who look: an operator must read why.
VIEW = "view"
VIEW_PAYLOAD = "view_payload"
LOOKING = frozenset({VIEW, VIEW_PAYLOAD})
# Cannot be taken back, so that no group and no key has it.
FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Actor:
    """name: for the audit ("key:NAME", "user:NAME", a program). permissions: codenames
    of Django's permissions of this app, "projections." left out.
    """

    name: str
    permissions: frozenset[str] = frozenset()


def signed_in(user: User) -> Actor:
    """What a member of staff may do is in their permissions; others may do nothing."""
    name = f"user:{user.get_username()}"
    if not user.is_staff:
        return Actor(name)
    known = EVERYTHING | LOOKING
    allowed = {each for each in known if user.has_perm(f"projections.{each}")}
    return Actor(name, frozenset(allowed))


def command_line() -> Actor:
    """Whoever has a shell beside the settings and secrets may do everything."""
    return Actor(f"{getpass.getuser()} (command line)", EVERYTHING | LOOKING | {FORGET})


def program(name: str) -> Actor:
    """A part of the system that acts by itself, such as a deploy's rebuild."""
    return Actor(name, EVERYTHING)
