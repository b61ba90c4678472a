"""Small private files: written whole or not at all, readable by the owner only."""

import os
import secrets
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Passable for the account of PostgreSQL; what is private in it is mode 0600."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)


def write_private(path: Path, content: str) -> None:
    """Replaces `path` atomically by a file of mode 0600."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def kept_secret(path: Path, *, fresh: str | None = None) -> str:
    """The secret in `path`; written there first where it is missing."""
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        secret = fresh or secrets.token_urlsafe(32)
        write_private(path, secret + "\n")
        return secret
