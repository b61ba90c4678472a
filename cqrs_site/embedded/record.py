"""servers.json: the addresses of a checkout's embedded servers, with passwords."""

import json
from pathlib import Path

from cqrs_site.embedded import files

NAME = "servers.json"


def read(local: Path) -> dict[str, str]:
    """URLs by server, "postgres" and "redis"; empty before the first start."""
    try:
        recorded: dict[str, str] = json.loads((local / NAME).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return recorded


def write(local: Path, **urls: str) -> None:
    """Adds or replaces the URLs of the servers named."""
    content = json.dumps({**read(local), **urls}, indent=2)
    files.write_private(local / NAME, content + "\n")
