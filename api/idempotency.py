"""`Idempotency-Key`: which request it names, whose, and what is said where it fails.

What was answered is kept where the events are, in one transaction with them.
"""

import hashlib
import json
import re

from rest_framework.request import Request

from api.keys import VerifiedKey
from api.problems import Problem

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
PATTERN = r"[\x20-\x7e]{1,255}"
_KEY = re.compile(PATTERN)
# What another attempt may well decide otherwise, with the same body.
_OPEN_CODES = {"invalid", "version-conflict"}


def key_of(request: Request) -> str | None:
    """The request's key; None without one. Raises Problem 400 `bad-idempotency-key`."""
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise bad_key()
    return key


def client_of(request: Request) -> str:
    """Whose keys they are: "key:PREFIX" of an API key, "user:ID" of a session."""
    if isinstance(request.auth, VerifiedKey):
        return f"key:{request.auth.prefix}"
    return f"user:{request.user.pk}"


def hash_of(request: Request) -> bytes:
    """Of what makes a request the same: method, path, and the values of its body.

    Not of its text: white space and the order of members mean nothing. Reads the body,
    and raises what the parser raises.
    """
    body = json.dumps(request.data, sort_keys=True, separators=(",", ":"))
    text = f"{request.method}\n{request.path}\n{body}"
    return hashlib.sha256(text.encode()).digest()


def is_decision(problem: Problem) -> bool:
    """Whether a refusal stands for good, so that a replay repeats it."""
    return problem.status in (409, 422) and problem.code not in _OPEN_CODES


def bad_key() -> Problem:
    detail = f"{HEADER} takes 1 to 255 printable ASCII characters."
    return Problem(status=400, code="bad-idempotency-key", detail=detail)


def reused() -> Problem:
    return Problem(
        status=422,
        code="idempotency-key-reused",
        detail="This key was sent with another request. Take a new key for a new one.",
    )


def in_progress() -> Problem:
    return Problem(
        status=409,
        code="idempotency-in-progress",
        detail="The first request with this key is still running. Send it again soon.",
    )
