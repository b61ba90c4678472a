"""What every answer tells browsers, of the API and of pages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ASK = """
import django
django.setup()
from django.test import Client
answer = Client(SERVER_NAME="localhost").get(
    "/health/live", headers={"X-Forwarded-Proto": "https"})
print(answer.headers.get("Strict-Transport-Security", ""))
"""


@pytest.mark.parametrize(
    "path", ["/", "/accounts/login/", "/api/v1/queries/orders", "/api/x", "/x"]
)
def test_every_answer_has_them(client, path):
    answer = client.get(path)
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize(
    ("behind", "header"), [("true", "max-age=31536000"), ("false", ""), ("", "")]
)
def test_hsts_comes_only_where_a_proxy_ends_tls(behind, header):
    asked = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env={
            **os.environ,
            "BEHIND_TLS": behind,
            "DJANGO_SETTINGS_MODULE": "cqrs_site.settings",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert asked.stdout.strip() == header
