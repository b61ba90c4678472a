"""The log in a browser: searched, followed, travelled through."""

import json

from playwright.sync_api import expect

from tests.acceptance.console.conftest import Console, Place

# A page that somebody is at asks for news every three seconds.
SOON_MS = 15_000


def test_it_searches_the_log_from_any_page(console: Console, place: Place) -> None:
    stream = place()
    place()
    page = console.page
    console.sign_in("Viewer")
    console.open("/ops/projections/")
    page.keyboard.press("/")
    page.keyboard.type(f"order:{stream.removeprefix('order-')}")
    page.keyboard.press("Enter")
    expect(page.locator("tbody[data-tail] tr")).to_have_count(1)
    expect(page.locator("main input[type=search]")).to_have_value(
        f"order:{stream.removeprefix('order-')}"
    )
    page.locator("tbody[data-tail] a", has_text="OrderPlaced").click()
    expect(page.locator("h1")).to_have_text("OrderPlaced")
    page.get_by_role("link", name=stream).first.click()
    expect(page.locator("h1")).to_have_text(stream)


def test_it_follows_the_log_and_moves_nothing_that_is_read(
    console: Console, place: Place
) -> None:
    for _ in range(12):
        place()
    page = console.page
    page.set_viewport_size({"width": 1000, "height": 360})
    console.sign_in("Viewer")
    console.open("/ops/events/")
    rows, arrived = page.locator("tbody[data-tail] tr"), page.locator("[data-arrived]")
    expect(rows).to_have_count(12)
    place()
    expect(rows).to_have_count(13, timeout=SOON_MS)
    expect(arrived).to_be_hidden()

    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    read = rows.nth(9).bounding_box()
    place()
    expect(arrived).to_have_text("1 new", timeout=SOON_MS)
    assert rows.nth(9).bounding_box() == read
    place()
    expect(arrived).to_have_text("2 new", timeout=SOON_MS)
    expect(rows).to_have_count(13)
    arrived.get_by_role("button").click()
    expect(rows).to_have_count(15)
    assert page.evaluate("window.scrollY") == 0

    page.get_by_role("button", name="Pause").click()
    place()
    expect(arrived).to_have_text("1 new", timeout=SOON_MS)
    expect(rows).to_have_count(15)
    page.get_by_role("button", name="Resume").click()
    expect(rows).to_have_count(16, timeout=SOON_MS)
    expect(arrived).to_be_hidden()


def test_it_travels_through_a_stream_by_slider(console: Console, place: Place) -> None:
    stream = place()
    add_notes(console, stream)
    page = console.page
    console.sign_in("Administrator")
    console.open(f"/ops/streams/{stream}/")
    state = page.locator("section[aria-labelledby=state-title]")
    expect(state.locator("h2")).to_have_text("State at version 3, the newest")
    expect(state.locator("pre")).to_contain_text("second note")
    page.get_by_label("Version", exact=True).press("ArrowLeft")
    expect(state.locator("h2")).to_have_text("State at version 2")
    expect(state.locator("pre")).not_to_contain_text("second note")
    expect(page.get_by_role("spinbutton", name="From")).to_have_value("1")
    expect(page.get_by_label("Version by number")).to_have_value("2")
    page.wait_for_url("**/?version=2")
    page.get_by_label("Version by number").fill("1")
    expect(state.locator("pre")).not_to_contain_text("first note")
    expect(page.get_by_label("Version", exact=True)).to_have_value("1")
    page.get_by_role("spinbutton", name="From").fill("1")
    page.get_by_role("spinbutton", name="to", exact=True).fill("3")
    page.get_by_role("button", name="Compare").click()
    difference = page.locator("section[aria-labelledby=difference-title]")
    expect(difference.locator("h2")).to_have_text("Changed from version 1 to 3")
    expect(difference).to_contain_text("second note")


def test_it_travels_without_a_script(console: Console, place: Place) -> None:
    stream = place()
    add_notes(console, stream)
    page = console.without_script()
    console.sign_in("Viewer", page=page)
    console.open(f"/ops/streams/{stream}/", page=page)
    page.get_by_label("Version by number").fill("1")
    page.get_by_role("button", name="Show").click()
    title = page.locator("#state-title")
    expect(title).to_have_text("State at version 1")
    page.get_by_label("Version", exact=True).press("ArrowRight")
    page.get_by_role("button", name="Show").click()
    expect(title).to_have_text("State at version 2")
    assert page.url.endswith("?version=2")
    page.get_by_role("link", name="Events in the log").click()
    expect(page.locator("tbody[data-tail] tr")).to_have_count(3)
    page.get_by_role("link", name="NoteAdded").first.click()
    expect(page.locator("pre")).to_contain_text('"text": "***"')
    expect(page.get_by_role("button", name="Copy as JSON")).to_be_hidden()
    page.get_by_role("link", name="JSON", exact=True).click()
    assert "***" in page.inner_text("body")


def test_it_copies_what_the_viewer_may_see(console: Console, place: Place) -> None:
    stream = place()
    page = console.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    console.sign_in("Viewer")
    console.open("/ops/events/1/")
    expect(page.locator("pre")).to_contain_text('"customer_id": "***"')
    page.get_by_role("button", name="Copy as JSON").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied["stream"] == stream
    assert copied["data"]["customer_id"] == "***"


def add_notes(console: Console, stream: str) -> None:
    id = stream.removeprefix("order-")
    for text in ("first note", "second note"):
        console.shop.change(id, "add-note", {"text": text})
