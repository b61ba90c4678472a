"""Which code runs: a short hash of the Python sources, so that a deploy is seen."""

import hashlib
from pathlib import Path

PACKAGES = ("api", "cqrs_site", "eventstore", "monitoring", "orders", "projections")
LENGTH = 10  # hexadecimal digits


def of_sources(root: Path) -> str:
    """The same for the same files, wherever they are; takes some 15 ms."""
    found = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            content = path.read_bytes()
            found.update(f"{path.relative_to(root)} {len(content)}\n".encode())
            found.update(content)
    return found.hexdigest()[:LENGTH]
