"""A client of the API, which keeps its connection as clients do."""

import http.client
import json
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

Web = tuple[str, int]  # host and port of a web server
TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Any
    body: Any
    seconds: float


class Caller:
    """Asks one web server, with an API key."""

    def __init__(self, web: Web, *, key: str) -> None:
        self._web = web
        self._headers = {"Authorization": f"Bearer {key}"}
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self._ask("GET", path, None, headers or {})

    def post(self, path: str, body: Any) -> Answer:
        return self._ask(
            "POST", path, json.dumps(body), {"Content-Type": "application/json"}
        )

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(
        self, method: str, path: str, body: str | None, headers: Mapping[str, str]
    ) -> Answer:
        began = time.monotonic()
        if self._connection is None:
            self._connection = http.client.HTTPConnection(*self._web, timeout=TIMEOUT_S)
        try:
            named = {**self._headers, **headers}
            self._connection.request(method, path, body=body, headers=named)
            answer = self._connection.getresponse()
            text = answer.read()
        except BaseException:
            self.close()
            raise
        found = json.loads(text) if text else None
        return Answer(answer.status, answer.headers, found, time.monotonic() - began)


def is_ready(web: Web) -> bool:
    try:
        with closing(Caller(web, key="")) as caller:
            return caller.get("/health/ready").status == 200
    except (OSError, http.client.HTTPException):
        return False
