"""The account PostgreSQL runs under: ourselves, or an unprivileged user for root.

PostgreSQL refuses to run as root. Opening the folders above the data to another user
would change permissions that are not ours, so where they are closed the server gets
the one capability that lets it pass through them.
"""

import functools
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cqrs_site.embedded.errors import EmbeddedServerError

NOBODY = 65534
# Bits of capabilities(7). Docker's default set lacks the first; the second can more.
CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}
INSTEAD = "run as an ordinary user, or set DATABASE_URL"


@dataclass(frozen=True, kw_only=True)
class Account:
    uid: int
    gid: int


def of(data: Path) -> Account | None:
    """Who runs the server of folder `data`; None: the present user."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(uid=owner.st_uid, gid=owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(uid=NOBODY, gid=NOBODY)
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid)


def command(
    arguments: list[str], *, account: Account | None, reaches: list[Path]
) -> tuple[list[str], dict[str, Any]]:
    """What to give subprocess to run `arguments` as `account`: arguments, keywords.

    `reaches` are the paths that the program must be able to open.
    """
    if account is None:
        return arguments, {}
    if all(_passable(path) for path in reaches):
        ids = {"user": account.uid, "group": account.gid, "extra_groups": []}
        return arguments, ids
    return [*_setpriv(account), *arguments], {}


def _passable(path: Path) -> bool:
    """Whether any user may pass through every folder above `path`.

    Both as it is written and where it leads: a link may stand in a closed folder.
    """
    folders = {*path.absolute().parents, *path.resolve().parents}
    return all(folder.stat().st_mode & 0o001 for folder in folders)


@functools.cache
def _setpriv(account: Account) -> tuple[str, ...]:
    program = shutil.which("setpriv")
    if program is None:
        raise EmbeddedServerError(
            "as root, PostgreSQL needs the program setpriv (package util-linux) here: "
            f"install it, {INSTEAD}"
        )
    capability = f"+{_capability()}"
    prefix = (
        program,
        # Without it the kernel drops the capability with the change of the user.
        "--securebits=+no_setuid_fixup",
        f"--reuid={account.uid}",
        f"--regid={account.gid}",
        "--clear-groups",
        f"--inh-caps={capability}",
        f"--ambient-caps={capability}",
    )
    tried = subprocess.run([*prefix, "true"], capture_output=True, text=True)
    if tried.returncode:
        reason = " ".join(tried.stderr.split())
        raise EmbeddedServerError(
            f"as root, PostgreSQL cannot change to user {account.uid} ({reason}): "
            f"{INSTEAD}"
        )
    return prefix


def _capability() -> str:
    allowed = 0
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapBnd:"):
            allowed = int(line.split()[1], 16)
    for name, bit in CAPABILITIES.items():
        if allowed >> bit & 1:
            return name
    raise EmbeddedServerError(
        "as root, PostgreSQL may not pass through the folders above this checkout "
        f"(no capability dac_read_search or dac_override): {INSTEAD}"
    )
