"""Who does something to a projection, and what they may do."""

import getpass
from dataclasses import dataclass

PAUSE = "pause"
REBUILD = "rebuild"
SWAP = "swap"
RETRY = "retry"
SKIP = "skip"
EVERYTHING = frozenset({PAUSE, REBUILD, SWAP, RETRY, SKIP})


@dataclass(frozen=True, slots=True)
class Actor:
    """name: for the audit ("key:NAME", "user:NAME", a program). permissions: codenames
    of Django's permissions of this app, "projections." left out.
    """

    name: str
    permissions: frozenset[str] = frozenset()


def command_line() -> Actor:
    """Whoever has a shell beside the settings and secrets may do everything."""
    return Actor(f"{getpass.getuser()} (command line)", EVERYTHING)


def program(name: str) -> Actor:
    """A part of the system that acts by itself, such as a deploy's rebuild."""
    return Actor(name, EVERYTHING)
