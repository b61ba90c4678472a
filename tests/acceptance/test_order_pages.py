"""Somebody who serves customers finds an order and reads it, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.acceptance import browser
from tests.acceptance.client import Client
from tests.acceptance.system import System
from tests.acceptance.test_pages import MAKE_ADMIN, TOO_WIDE


@pytest.fixture
def order(system: System) -> str:
    """The id of an order that is confirmed and read."""
    system.start()
    client = Client(system)
    placed = client.place()
    id = placed.headers["Location"].rstrip("/").rpartition("/")[2]
    confirmed = client.change(id, "confirm", {})
    token = confirmed.headers["Consistency-Token"]
    for read in (placed.headers["Location"], "/api/v1/queries/orders?q=ada"):
        assert client.read(read, Consistency_Token=token).status == 200
    system.manage("shell", "-c", MAKE_ADMIN)
    return id


@pytest.fixture
def page() -> Iterator[Page]:
    with browser.opened() as opened:
        yield opened


def find(page: Page, system: System, asked: str) -> None:
    """From the start page, by the keyboard alone, through the sign-in."""
    page.goto(f"http://127.0.0.1:{system.port}/")
    page.get_by_label("Order id, reference, customer or tracking number").focus()
    page.keyboard.type(asked)
    page.keyboard.press("Enter")
    page.get_by_label("Username").focus()
    page.keyboard.type("root")
    page.keyboard.press("Tab")
    page.keyboard.type("secret")
    page.keyboard.press("Enter")


def test_it_leads_from_what_a_customer_says_to_the_order(
    system: System, order: str, page: Page
) -> None:
    find(page, system, "ADA")
    page.wait_for_url(f"**/orders/{order}/")
    assert page.locator("h1").inner_text() == f"Order {order}"
    sentences = page.locator(".happened .said").all_inner_texts()
    assert sentences[0] == "Confirmed"
    assert sentences[1].startswith("Placed 1 line, 50.00 EUR")
    page.get_by_role("link", name="version 1", exact=True).click()
    assert "as it was at version 1 of 2" in page.inner_text("main")
    page.get_by_role("link", name="Version 2", exact=True).click()
    assert "as it was at version 2 of 2" in page.inner_text("main")
    for width in (1440, 1024, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for path in ("/", "/orders/", "/orders/?q=nothing", f"/orders/{order}/"):
            page.goto(f"http://127.0.0.1:{system.port}{path}")
            assert page.evaluate(TOO_WIDE) == [], (width, path)


def test_it_needs_no_script(system: System, order: str, page: Page) -> None:
    assert page.context.browser
    bare = page.context.browser.new_context(java_script_enabled=False).new_page()
    find(bare, system, "ada")
    bare.wait_for_url(f"**/orders/{order}/")
    assert "Confirmed" in bare.locator(".happened").inner_text()
    bare.get_by_text("root", exact=True).click()
    bare.get_by_role("link", name="Theme and times").click()
    bare.get_by_label("Dark").check()
    bare.get_by_role("button", name="Save").click()
    assert bare.locator("html").get_attribute("data-theme") == "dark"


def test_it_lets_ages_grow(system: System, order: str, page: Page) -> None:
    find(page, system, order)
    page.wait_for_url(f"**/orders/{order}/")
    age = page.locator(".happened [data-ago]").first
    before = age.inner_text()
    page.wait_for_function(
        "was => document.querySelector('.happened [data-ago]').textContent !== was",
        arg=before,
    )
