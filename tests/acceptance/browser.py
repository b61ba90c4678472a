"""The system's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# No look-ups and downloads of its own; no sandbox, which root cannot have.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def opened(*, expected: Sequence[str] = ()) -> Iterator[Page]:
    """A page whose console is listened to: any error there fails at the end, unless it
    has one of the expected texts.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, f"none of these browsers is installed: {', '.join(NAMES)}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=list(ARGUMENTS)
        )
        page = browser.new_page()
        troubles: list[str] = []
        page.on(
            "console",
            lambda said: troubles.append(said.text) if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: troubles.append(str(error)))
        try:
            yield page
            odd = [each for each in troubles if not any(e in each for e in expected)]
            assert not odd, odd
        finally:
            browser.close()
