"""Odd requests to a real web server: a documented answer, never a 500."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.system import System, until

ORDERS = "/api/v1/queries/orders"
COMMANDS = "/api/v1/commands/orders"


@pytest.fixture
def web(tmp_path: Path, process_environment: dict[str, str]) -> Iterator[System]:
    """A web server, and nothing else but what it asks."""
    environment = {
        **process_environment,
        "DJANGO_SETTINGS_MODULE": "cqrs_site.settings",
    }
    system = System(tmp_path, environment)
    system.start_redis()
    try:
        system.start_web(system.port)
        until(lambda: system.get("/health/live").status == 200)
        yield system
    finally:
        system.stop()


def send(web: System, method: str, path: str, body=None, **headers: str):
    """Status and body, for requests that a well-behaved client cannot make."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    with closing(connection):
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value.encode("latin-1"))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()


def chunked(*parts: bytes) -> bytes:
    sent = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return sent + b"0\r\n\r\n"


def test_it_answers_whatever_is_sent(web: System) -> None:
    key = web.key("orders:read", "orders:write", "events:read", "ops:read")
    mine = {"Authorization": f"Bearer {key}"}
    as_json = {**mine, "Content_Type": "application/json"}
    odd = [
        ("GET", f"{ORDERS}/%2e%2e%2fadmin", None, mine),
        ("GET", f"{ORDERS}/a%2Fb", None, mine),
        ("GET", f"{ORDERS}/%00", None, mine),
        ("GET", f"{ORDERS}/%ff%fe", None, mine),
        ("GET", f"{ORDERS}//events", None, mine),
        ("GET", f"{ORDERS}/{'a' * 4_000}", None, mine),
        ("GET", "/api/v1/queries/products/a%2Fb%00", None, mine),
        ("GET", "/api/v1/queries/products/%ff/bought-with", None, mine),
        ("GET", "/api/v1/queries/customers/%ed%a0%80/timeline", None, mine),
        ("GET", f"{ORDERS}?q=%ff&status=%00&%00=1&limit=%D9%A3", None, mine),
        ("GET", f"{ORDERS}?customer_id=%ed%a0%80", None, mine),
        ("GET", f"{ORDERS}?cursor={'a' * 4_000}", None, mine),
        ("GET", "/api/v1/queries/events?stream=order-%00&type=%ff", None, mine),
        ("GET", "/api/v1/queries/events?after=99999999999999999999", None, mine),
        ("GET", "/api/v1/ops/dead-letters/99999999999999999999", None, mine),
        ("GET", "/api/v1/ops/projections/%00", None, mine),
        ("GET", ORDERS, None, {"Authorization": "Bearer \xff\xfe"}),
        ("GET", ORDERS, None, {"Authorization": f"Bearer {'a' * 8_000}"}),
        ("GET", ORDERS, None, {**mine, "Consistency_Token": "\xff:" * 2_000}),
        ("GET", ORDERS, None, {**mine, "Prefer": "wait=99999999999999999999"}),
        ("GET", ORDERS, None, {**mine, "Accept": "\xff/\xfe;q=x"}),
        ("GET", ORDERS, None, {**mine, "X_Request_ID": "\xff"}),
        ("POST", COMMANDS, b"", {**as_json, "Content_Length": "-1"}),
        (
            "POST",
            COMMANDS,
            b"{}",
            {**mine, "Content_Length": "2", "Content_Type": "\xff"},
        ),
        (
            "POST",
            COMMANDS,
            b"{}",
            {**as_json, "Content_Length": "2", "If_Match": "\xff"},
        ),
        (
            "POST",
            f"{COMMANDS}/bulk",
            chunked(b'{"orders": [', b'"\xff"', b"]}"),
            {**as_json, "Transfer_Encoding": "chunked"},
        ),
        (
            "POST",
            f"{COMMANDS}/bulk",
            chunked(b'{"orders": [' + b"[" * 50_000 + b"]" * 50_000 + b"]}"),
            {**as_json, "Transfer_Encoding": "chunked"},
        ),
        (
            "POST",
            f"{COMMANDS}/bulk",
            chunked(b'{"orders": [{"order_id": "\\ud800"}, 1e400]}'),
            {**as_json, "Transfer_Encoding": "chunked"},
        ),
    ]
    for method, path, body, headers in odd:
        status, said = send(web, method, path, body, **headers)
        case = (method, path[:80], str(headers)[-80:], said[:200])
        assert 200 <= status < 500, case
        if status >= 400 and said[:1] == b"{":
            assert json.loads(said)["status"] == status, case
    assert send(web, "GET", f"{ORDERS}?limit=1", None, **mine)[0] == 200
