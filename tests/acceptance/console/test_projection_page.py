"""An operator at a projection, in a browser, with a running worker."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.console.conftest import Console, Place
from tests.acceptance.console.failing.apps import SWITCH
from tests.acceptance.system import System

NAME = "order_summary"
PAGE = f"/ops/projections/{NAME}/"
# A worker's turn, and a page that asks for news every three seconds.
SOON_MS = 30_000
DAMAGE = (
    "from orders.models import OrderSummary; "
    "OrderSummary.objects.update(customer_id='mallory')"
)
AUDITED = (
    "import json; from projections.models import AuditEntry; "
    "print('AUDIT' + json.dumps(list("
    "AuditEntry.objects.values_list('actor', 'action', 'outcome'))))"
)


@pytest.fixture
def bug(system: System, tmp_path: Path) -> Path:
    """Orders with a note fail while this file is there, at the first attempt."""
    switch = tmp_path / "failing"
    switch.touch()
    system.environment[SWITCH] = str(switch)
    system.environment["DJANGO_SETTINGS_MODULE"] = (
        "tests.acceptance.console.failing.settings"
    )
    attempts = f"CQRS__QUERY_SIDE__PROJECTIONS__{NAME.upper()}__MAX_ATTEMPTS"
    system.environment[attempts] = "1"
    return switch


def test_it_pauses_and_resumes(console: Console) -> None:
    page = console.page
    console.sign_in("Operator")
    console.open(PAGE)
    act(page, "Pause projection", "Pause", reason="an index is made")
    expect(page.get_by_text(f"{NAME} is paused.")).to_be_visible()
    expect(page.locator("#trouble")).to_contain_text("By user:operator")
    expect(page.locator("#trouble")).to_contain_text("an index is made")
    act(page, "Resume projection", "Resume")
    expect(page.locator(".title .state")).to_contain_text("running")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_it_rebuilds_with_a_look_swaps_and_rolls_back(
    console: Console, place: Place, script: bool
) -> None:
    console.system.start_worker(queue="operations")
    for _ in range(3):
        place()
    page = console.page if script else console.without_script()
    console.sign_in("Operator", page=page)
    console.open(PAGE, page=page)
    come(page, "Held streams", at="#letters", script=script)
    come(page, "3 of 3", at="#figures", script=script)
    console.system.manage("shell", "-c", DAMAGE)
    act(page, "Rebuild…", "Rebuild", role="button")
    console.open(PAGE, page=page)
    come(page, "3 rows differ", at="#rebuild", script=script)
    expect(page.locator("#rebuild")).to_contain_text("customer_id")
    act(page, "Swap", "Swap", reason="ada is right")
    console.open(PAGE, page=page)
    come(page, "generation 1", at="#kept", script=script)
    expect(page.locator(".title")).to_contain_text("generation 2")
    act(page, "Roll back", "Roll back", reason="a test")
    console.open(PAGE, page=page)
    come(page, "generation 2", at="#kept", script=script)
    expect(page.locator(".title")).to_contain_text("generation 1")
    expect(page.locator("#entries")).to_contain_text("ada is right")


def test_it_lets_a_viewer_do_nothing(console: Console) -> None:
    page = console.page
    console.sign_in("Viewer")
    console.open(PAGE)
    expect(page.locator("h1")).to_have_text(NAME)
    for name in ("Pause projection", "Rebuild…", "Swap", "Roll back"):
        expect(page.locator("main").get_by_text(name, exact=True)).to_have_count(0)
    token = page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value")
    for word in ("pause", "rebuild"):
        url = console.url(f"{PAGE}{word}/")
        form = {"csrfmiddlewaretoken": token or "", "reason": "let me"}
        assert page.request.post(url, form=form).status == 403
    told = console.system.manage("shell", "-c", AUDITED)
    audited = json.loads(told.partition("AUDIT")[2].splitlines()[0])
    assert [each for each in audited if each[0] == "user:viewer"] == [
        ["user:viewer", "pause", "refused"],
        ["user:viewer", "rebuild", "refused"],
    ]


def test_it_frees_a_parked_order_once_its_bug_is_mended(
    bug: Path, console: Console, place: Place
) -> None:
    page, stream = console.page, place()
    id = stream.removeprefix("order-")
    console.shop.change(id, "add-note", {"text": "ring twice"})
    console.sign_in("Operator")
    console.open(PAGE)
    letters = page.locator("#letters")
    expect(letters).to_contain_text("parked", timeout=SOON_MS)
    expect(letters).to_contain_text("ValueError: a note is no number")
    expect(page.locator("#trouble")).to_have_count(0)
    retry(page, stream)
    expect(page.get_by_text("The stream is still held")).to_be_visible()

    bug.unlink()
    console.open(PAGE)
    retry(page, stream)
    expect(page.get_by_text("The stream is free")).to_be_visible()
    console.open(PAGE)
    expect(letters).to_contain_text("None: every event")


def act(
    page: Page, opener: str, button: str, *, role: str = "link", reason: str = ""
) -> None:
    """From a page over the review page to what comes of it."""
    main = page.locator("main")
    if role == "link":
        main.get_by_role("link", name=opener, exact=True).click()
    else:
        main.get_by_role("button", name=opener, exact=True).click()
    page.get_by_label("Reason").fill(reason)
    main.get_by_role("button", name=button, exact=True).click()
    expect(page.locator(".said")).to_be_visible()


def retry(page: Page, stream: str) -> None:
    page.get_by_role("link", name=f"Retry {stream}").click()
    page.get_by_role("button", name="Retry", exact=True).click()


def come(page: Page, text: str, *, at: str, script: bool) -> None:
    """Waits until it is there; without a script the page is loaded again."""
    if script:
        expect(page.locator(at)).to_contain_text(text, timeout=SOON_MS)
        return
    for _ in range(SOON_MS // 500):
        if text in page.locator(at).inner_text():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator(at)).to_contain_text(text)
