"""`from` and `to`: the days that a report is asked for."""

from datetime import UTC, date, datetime

from rest_framework.request import Request

from api import problems, times
from api.problems import Fault
from orders.reports import Span

PARAMETERS = ("from", "to")
USUAL_DAYS = 30
MOST_DAYS = 366  # a year; what a report costs grows with its days


def read(request: Request) -> Span:
    """The days asked for; `to` is today (UTC) and `from` gives 30 days by default.

    Raises Problem 422 for what is no date, for no day at all and for too many.
    """
    found: dict[str, date] = {}
    faults = []
    for name in PARAMETERS:
        if text := request.query_params.get(name):
            try:
                found[name] = times.parse_date(text)
            except ValueError as error:
                faults.append(Fault(f"/{name}", "invalid", str(error)))
    if faults:
        raise problems.invalid(faults)
    return _span(found.get("from"), found.get("to") or datetime.now(UTC).date())


def _span(first: date | None, last: date) -> Span:
    try:
        span = Span(first, last) if first else Span.until(last, days=USUAL_DAYS)
    except OverflowError:  # there are no 30 days up to the second of January of year 1
        span = Span(date.min, last)
    if 1 <= span.days <= MOST_DAYS:
        return span
    detail = f"Expected 1 to {MOST_DAYS} days, both dates included; these are "
    fault = Fault("/from", "out-of-range", f"{detail}{span.days}.")
    raise problems.invalid([fault])
