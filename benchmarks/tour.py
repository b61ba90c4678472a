"""The pictures of docs/tour.md: a system runs for some minutes, things go wrong in it,
and the system's Chromium looks at each page.

Needs chromium, and what tests need. Nothing is left of the system; the pictures are.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page
from rich.console import Console
from rich.progress import track

from benchmarks import running_system
from benchmarks.running_system import System
from tests.acceptance import browser
from tests.acceptance.console.failing.apps import SWITCH

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "tour"
RATE = 6.0  # commands a second of the simulation
WIDTH, HEIGHT = 1280, 860
PASSWORD = "tour"
# By the name of its picture, the page; {…} are found in the running system.
PAGES = {
    "overview": "/ops/",
    "projections": "/ops/projections/",
    "projection": "/ops/projections/order_summary/",
    "review": "/ops/projections/order_summary/swap/",
    "what-if": "/ops/projections/order_summary/what-if/?streams=20",
    "events": "/ops/events/?q=type:PaymentCaptured",
    "event": "/ops/events/{position}/",
    "stream": "/ops/streams/{stream}/",
    "dead-letters": "/ops/dead-letters/",
    "dead-letter": "/ops/dead-letters/{letter}/",
    "commands": "/ops/commands/?minutes=30",
    "operations": "/ops/operations/",
    "operation": "/ops/operations/{operation}/",
    "audit": "/ops/audit/",
    "health": "/ops/health/",
    "start": "/",
    "look-up": "/orders/",
    "order": "/orders/{order}/",
    "admin": "/admin/",
    "admin-event": "/admin/eventstore/event/{position}/change/",
}


def main() -> None:
    options = _options()
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder:
        switch = Path(folder) / "failing"
        _prepare(switch)
        with running_system.started(webs=1) as system:
            _live(system, switch, minutes=options.minutes, console=console)
            _look(system, console)
    console.print(f"{len(list(PICTURES.glob('*.png')))} pictures in {PICTURES}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/tour", description=__doc__)
    parser.add_argument(
        "--minutes",
        type=float,
        default=12.0,
        help="that the system runs before it is looked at (default: 12)",
    )
    return parser.parse_args()


def _prepare(switch: Path) -> None:
    """Orders with a note fail in one projection while the file is there."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.acceptance.console.failing.settings"
    os.environ[SWITCH] = str(switch)
    os.environ["ENVIRONMENT"] = "staging"
    os.environ["CQRS__QUERY_SIDE__PROJECTIONS__ORDER_SUMMARY__MAX_ATTEMPTS"] = "1"


def _live(system: System, switch: Path, *, minutes: float, console: Console) -> None:
    """What an operator on call may find, and what somebody did about it before."""
    from django.contrib.auth.models import User

    User.objects.create_superuser("olga", password=PASSWORD)
    system.simulate(RATE)
    steps = int(minutes * 60)
    acts = {
        steps // 3: ("projection", "pause", "sales_daily", "--reason", "an index"),
        steps // 2: ("projection", "resume", "sales_daily", "--reason", "it is there"),
        steps - 20: (
            *("projection", "rebuild", "order_summary", "--review", "--no-wait"),
            *("--reason", "totals were wrong"),
        ),
    }
    for second in track(range(steps), description="the system runs", console=console):
        if second in acts:
            system.manage(*acts[second])
        if second == steps - 60:
            switch.touch()
        if second == steps - 40:
            switch.unlink()
        time.sleep(1)


def _found() -> dict[str, object]:
    from eventstore.models import Event
    from projections.models import DeadLetter, Operation

    paid = Event.objects.filter(type="OrderCompleted").order_by("position").first()
    letter = DeadLetter.objects.order_by("pk").first()
    operation = Operation.objects.order_by("-pk").first()
    if paid is None or letter is None or operation is None:
        sys.exit("bin/tour: error: too little happened; let it run for more minutes")
    return {
        "position": paid.position,
        "stream": paid.stream,
        "order": paid.stream.partition("-")[2],
        "letter": letter.pk,
        "operation": operation.pk,
    }


def _look(system: System, console: Console) -> None:
    PICTURES.mkdir(exist_ok=True)
    host, port = system.webs[0]
    found = _found()
    with browser.opened() as page:
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        _sign_in(page, f"http://{host}:{port}")
        for name, path in track(PAGES.items(), description="looking", console=console):
            page.goto(f"http://{host}:{port}{path.format(**found)}")
            _take(page, name)
        page.emulate_media(color_scheme="dark")
        page.goto(f"http://{host}:{port}/ops/?tv=1")
        _take(page, "wall-board")
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"http://{host}:{port}/ops/")
        _take(page, "telephone")


def _sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def _take(page: Page, name: str) -> None:
    page.wait_for_timeout(600)  # charts are drawn when their numbers have come
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
