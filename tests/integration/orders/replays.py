"""What a test of idempotency keys looks at."""

from typing import Any

from eventstore.models import KeptAnswer

KEY = "k-1"
OF_ONE_REQUEST = {
    "Idempotency-Replayed",
    "Preference-Applied",
    "RateLimit",
    "X-Request-ID",
}


def assert_replay(again: Any, first: Any) -> None:
    """The first answer again: status, headers, and every byte of the body."""
    assert again["Idempotency-Replayed"] == "true"
    assert again.status_code == first.status_code
    assert again.content == first.content
    assert _lasting_headers(again) == _lasting_headers(first)


def kept() -> int:
    return KeptAnswer.objects.count()


def _lasting_headers(response: Any) -> dict[str, str]:
    named = response.headers.items()
    return {name: value for name, value in named if name not in OF_ONE_REQUEST}
