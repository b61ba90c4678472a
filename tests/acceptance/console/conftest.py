"""The console of a running system, and who is signed in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from tests.acceptance import browser
from tests.acceptance.client import Client
from tests.acceptance.system import System

PASSWORD = "secret"
MAKE = (
    "from django.contrib.auth.models import Group, User; "
    "made = User.objects.create_user('{name}', password='{password}', is_staff=True); "
    "made.groups.add(Group.objects.get(name='{group}'))"
)


@dataclass(frozen=True)
class Console:
    """A browser's page on a system with a worker; `shop` gives commands."""

    page: Page
    system: System
    shop: Client

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.system.port}{path}"

    def open(self, path: str, *, page: Page | None = None) -> None:
        (page or self.page).goto(self.url(path))

    def sign_in(self, group: str, *, page: Page | None = None) -> None:
        """As a member of one of the groups."""
        page, name = page or self.page, group.lower()
        made = MAKE.format(name=name, password=PASSWORD, group=group)
        self.system.manage("shell", "-c", made)
        self.open("/accounts/login/", page=page)
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")

    def without_script(self) -> Page:
        """Another page of the same browser, where nothing runs; not signed in."""
        launched = self.page.context.browser
        assert launched
        return launched.new_context(java_script_enabled=False).new_page()


@pytest.fixture
def expected_troubles() -> tuple[str, ...]:
    """Texts of errors that a test brings about; set by its parameters."""
    return ()


@pytest.fixture
def console(system: System, expected_troubles: tuple[str, ...]) -> Iterator[Console]:
    system.start()
    with browser.opened(expected=expected_troubles) as page:
        yield Console(page, system, Client(system))


Place = Callable[[], str]


@pytest.fixture
def place(console: Console) -> Place:
    """Places an order; the name of its stream."""

    def place() -> str:
        placed = console.shop.place()
        assert placed.status == 201
        return "order-" + placed.headers["Location"].rstrip("/").rpartition("/")[2]

    return place
