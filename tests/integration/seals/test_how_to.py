"""docs/how-to/verify-and-export.md and the runbook: their commands work."""

from tests import pages
from tests.integration.seals import history


def test_it_shows_commands_that_work(process_environment, tmp_path):
    history.make()
    said = pages.run("how-to/verify-and-export.md", process_environment, tmp_path)
    lines = said.splitlines()
    assert "1 newer events are not sealed yet, since " in said
    assert "4 seals written to anchor.ndjson" in lines
    assert "9 events and 4 seals up to position 10 are in log.ndjson.zst" in lines
    assert "9 events and 0 seals up to position 10 are in orders.ndjson" in lines
    nothing = "archive has the log up to position 0; nothing was deleted"
    assert lines.count(nothing) == 2


def test_it_goes_on_behind_a_finding_as_the_runbook_says(process_environment, tmp_path):
    page = "runbooks/verify-found-something.md"
    said = pages.run(page, process_environment, tmp_path)
    assert said.startswith("0 events in 0 seals are as they were sealed")
