"""The pages in a real browser: they show what is there, under the strict CSP."""

from tests.acceptance import browser
from tests.acceptance.client import Client
from tests.acceptance.system import System

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
MAKE_ADMIN = (
    "from django.contrib.auth.models import User; "
    "User.objects.create_superuser('root', password='secret')"
)
ORDERS = "/api/v1/queries/orders"
# What hangs over the right edge of the window, or is cut off by a list's.
TOO_WIDE = """[...document.querySelectorAll('html, .results')]
    .filter(each => each.scrollWidth > each.clientWidth).map(each => each.tagName)"""
# Of each page, what it shows; {order} is the order's id.
PAGES = [
    ("/api/docs/", "Place an order"),
    ("/api/docs/problems", "minimum-order-amount"),
    ("/admin/", "Event log"),
    ("/admin/eventstore/event/", "OrderPlaced"),
    ("/admin/eventstore/event/?q=1", "OrderPlaced"),
    ("/admin/eventstore/event/?q=order-", "OrderPlaced"),
    ("/admin/eventstore/event/?type=OrderPlaced", "OrderPlaced"),
    ("/admin/eventstore/event/1/change/", '"unit_price": "5.00"'),
    ("/admin/eventstore/stream/", "order-"),
    ("/admin/eventstore/event/?q={order}", "OrderPlaced"),
    ("/admin/eventstore/event/?q=nothing", "No events match"),
    ("/admin/eventstore/event/?p=999", "1 event"),
    ("/admin/eventstore/stream/1/change/", '"units_ordered": 10'),
    ("/admin/eventstore/stream/order-{order}/change/", '"units_ordered": 10'),
    ("/admin/projections/", "Checkpoints"),
    ("/admin/projections/checkpoint/", "order_summary"),
    ("/admin/projections/checkpoint/1/change/", "running"),
    ("/admin/projections/auditentry/", "No audit entries yet"),
    ("/admin/orders/ordersummary/", "ada"),
    ("/admin/orders/ordersummary/?q={order}", "ada"),
    ("/admin/orders/ordersummary/{order}/change/", "order-{order}"),
    ("/admin/orders/orderdetail/", "ada"),
    ("/admin/orders/orderdetail/{order}/change/", '"units_ordered": 10'),
    ("/admin/orders/ordersales/", "order"),
    ("/admin/orders/ordersales/{order}/change/", '"closed": false'),
    ("/admin/orders/listedsalesdaily/", "EUR"),
    ("/admin/api/apikey/", "reader-of-pages"),
    ("/admin/api/apikey/1/change/", "orders:read"),
    ("/admin/api/apikey/add/", "read orders"),
    ("/admin/auth/user/", "root"),
    ("/admin/auth/user/1/change/", "Permissions"),
    ("/admin/auth/group/", "groups"),
]


def test_it_shows_every_page_without_an_error(system: System) -> None:
    system.start()
    client = Client(system)
    placed = client.place()
    token = placed.headers["Consistency-Token"]
    order = placed.headers["Location"].rstrip("/").rpartition("/")[2]
    for read in (placed.headers["Location"], ORDERS):
        assert client.read(read, Consistency_Token=token).status == 200
    system.manage("shell", "-c", MAKE_ADMIN)
    system.manage("api_key", "create", "reader-of-pages", "--scope", "orders:read")
    with browser.opened() as page:
        url = f"http://127.0.0.1:{system.port}"
        page.goto(f"{url}/")
        page.get_by_role("link", name="Administration").click()
        page.get_by_label("Username").fill("root")
        page.get_by_label("Password").fill("secret")
        page.get_by_role("button", name="Log in").click()
        for template, promised in PAGES:
            path, shown = (each.format(order=order) for each in (template, promised))
            answer = page.goto(url + path)
            assert answer is not None
            assert answer.status == 200, path
            policy = answer.headers["content-security-policy"]
            assert set(policy.split("; ")) == POLICY, path
            assert shown.lower() in page.inner_text("body").lower(), path
            assert page.evaluate(TOO_WIDE) == [], path
        page.goto(f"{url}/admin/eventstore/event/1/change/")
        assert page.get_by_role("button", name="Save").count() == 0
        assert page.get_by_role("link", name="Delete").count() == 0


def test_it_signs_in_and_says_when_it_cannot(system: System) -> None:
    system.start()
    system.manage("shell", "-c", MAKE_ADMIN)
    with browser.opened() as page:
        page.goto(f"http://127.0.0.1:{system.port}/accounts/login/")
        page.get_by_label("Username").fill("root")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        assert "correct username and password" in page.inner_text("[role=alert]")
        page.get_by_label("Username").fill("root")
        page.get_by_label("Password").fill("secret")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        assert page.inner_text("h1") == "Orders"


def test_the_pages_of_the_api_fit_a_telephone(system: System) -> None:
    system.start()
    with browser.opened() as page:
        page.set_viewport_size({"width": 390, "height": 844})
        for path in ("/api/docs/", "/api/docs/problems"):
            page.goto(f"http://127.0.0.1:{system.port}{path}")
            assert page.evaluate(TOO_WIDE) == [], path
