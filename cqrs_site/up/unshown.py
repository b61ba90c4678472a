"""Passwords and a key that were made and not yet shown, in a private file of .local.

`up` may be stopped between making them and its welcome block; its next start then
shows them. Only their hashes are anywhere else.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cqrs_site.embedded import files

NAME = "unshown.json"


@dataclass(frozen=True, kw_only=True)
class Unshown:
    """`passwords` by user; `key` is None where none was made."""

    passwords: dict[str, str] = field(default_factory=dict)
    key: str | None = None

    def __bool__(self) -> bool:
        return bool(self.passwords or self.key)


def keep(local: Path, unshown: Unshown) -> None:
    files.write_private(local / NAME, json.dumps(asdict(unshown)))


def read(local: Path) -> Unshown:
    try:
        return Unshown(**json.loads((local / NAME).read_text("utf-8")))
    except FileNotFoundError:
        return Unshown()


def forget(local: Path) -> None:
    (local / NAME).unlink(missing_ok=True)
