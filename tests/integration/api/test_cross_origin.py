"""Pages of other origins: refused unless configured, and never with cookies."""

import pytest

SHOP = "https://shop.example"

pytestmark = pytest.mark.urls("tests.integration.api.site")


@pytest.fixture
def allowed(settings):
    settings.CORS_ALLOWED_ORIGINS = frozenset({SHOP})


def preflight(client, origin: str = SHOP, path: str = "/api/echo"):
    headers = {"Access-Control-Request-Method": "POST", "Origin": origin}
    # Without a key, as browsers send it.
    return client.options(path, headers={**headers, "Authorization": ""})


def cors(answer) -> dict[str, str]:
    return {
        name: value
        for name, value in answer.headers.items()
        if name.startswith("Access-Control-")
    }


def listed(value: str) -> set[str]:
    return {each.strip() for each in value.split(",")}


def test_it_is_off_unless_configured(client, settings):
    assert frozenset() == settings.CORS_ALLOWED_ORIGINS
    assert preflight(client).status_code == 401
    for answer in (
        preflight(client),
        client.get("/api/echo", headers={"Origin": SHOP}),
    ):
        assert cors(answer) == {}
        assert "Origin" not in answer.headers.get("Vary", "")


def test_it_answers_the_preflight_of_an_allowed_origin(client, allowed):
    answer = preflight(client)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Access-Control-Allow-Origin"] == SHOP
    assert listed(answer["Access-Control-Allow-Methods"]) == {"GET", "HEAD", "POST"}
    assert listed(answer["Access-Control-Allow-Headers"]) >= {
        *("Authorization", "Content-Type", "Idempotency-Key", "If-Match"),
        *("If-None-Match", "Consistency-Token", "Prefer", "X-Request-ID"),
    }
    assert int(answer["Access-Control-Max-Age"]) > 0
    assert answer["X-Request-ID"]


def test_it_lets_an_allowed_page_read_our_headers(client, allowed):
    answer = client.get("/api/echo", headers={"Origin": SHOP})
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == SHOP
    assert "Origin" in listed(answer["Vary"])
    assert listed(answer["Access-Control-Expose-Headers"]) >= {
        *("ETag", "Consistency-Token", "Read-Position", "Retry-After", "RateLimit"),
        *("RateLimit-Policy", "Location", "X-Cache", "X-Request-ID"),
        *("Preference-Applied", "Parked-Orders", "Warning", "WWW-Authenticate"),
    }


@pytest.mark.parametrize("path", ["/api/nothing", "/api/broken", "/api/away"])
def test_it_lets_an_allowed_page_read_errors(client, allowed, path):
    answer = client.get(path, headers={"Origin": SHOP})
    assert answer.status_code >= 400
    assert answer["Access-Control-Allow-Origin"] == SHOP


@pytest.mark.parametrize(
    "origin",
    ["", "null", "http://shop.example", f"{SHOP}.evil", f"{SHOP}:444", SHOP.upper()],
)
def test_it_refuses_every_other_origin(client, allowed, origin):
    assert preflight(client, origin).status_code == 401
    for answer in (
        preflight(client, origin),
        client.get("/api/echo", headers={"Origin": origin}),
    ):
        assert cors(answer) == {}
        assert "Origin" in listed(answer["Vary"])


def test_it_never_allows_credentials(client, allowed):
    for answer in (
        preflight(client),
        client.get("/api/echo", headers={"Origin": SHOP}),
    ):
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer["Access-Control-Allow-Origin"] != "*"


def test_it_says_nothing_outside_of_the_api(client, allowed):
    assert cors(client.get("/nothing", headers={"Origin": SHOP})) == {}
    assert cors(preflight(client, path="/nothing")) == {}
