"""Reads Online Retail files: CSV lines become rows, rows are gathered to invoices."""

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import IO, NamedTuple

from orders.domain import money
from orders.domain.values import MAX_QUANTITY
from orders.imports import errors, files
from orders.imports.history import Reject

HEADER = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
)
MALFORMED = "malformed-line"

_COLUMNS = HEADER.split(",")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST_ID = 64
_LONGEST_NAME = 200


class Row(NamedTuple):
    """One line. quantity: not 0; at: UTC; name and customer: "" where there is none."""

    number: int
    raw: str
    invoice: str
    sku: str
    name: str
    quantity: int
    at: datetime
    price: Decimal
    customer: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """All lines of an invoice, in the file's order."""

    number: str
    rows: list[Row] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)

    @property
    def read(self) -> int:
        return len(self.rows) + len(self.rejects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What one look through the file tells: its lines, and where each invoice ends."""

    lines: int
    last_line_of: dict[str, int]


class _Malformed(Exception):
    pass


def survey(path: Path) -> Survey:
    """Reads the whole file once. Raises UnreadableFile before anything is stored."""
    last_line_of: dict[str, int] = {}
    number = 1
    for number, raw in _lines(path):
        last_line_of[_invoice_number(raw)] = number
    return Survey(lines=number - 1, last_line_of=last_line_of)


def invoices(path: Path, surveyed: Survey) -> Iterator[Invoice]:
    """The invoices in the order of their first lines, each with all its lines.

    An invoice whose lines are interrupted by others holds those back, as they come
    after it; nothing else is kept in memory.
    """
    open_invoices: dict[str, Invoice] = {}
    for number, raw in _lines(path):
        key = _invoice_number(raw)
        invoice = open_invoices.get(key)
        if invoice is None:
            invoice = open_invoices[key] = Invoice(number=key)
        try:
            invoice.rows.append(_row(number, raw))
        except _Malformed as fault:
            invoice.rejects.append(Reject(number, MALFORMED, raw, str(fault)))
        if surveyed.last_line_of.get(key) == number:
            yield from _complete(open_invoices, surveyed, number)
    if open_invoices:
        raise errors.UnreadableFile(f"{path}: the file changed while it was read")


def _complete(
    open_invoices: dict[str, Invoice], surveyed: Survey, number: int
) -> Iterator[Invoice]:
    for key in list(open_invoices):
        if surveyed.last_line_of[key] > number:
            return
        yield open_invoices.pop(key)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers, from 2 on, and lines without their end."""
    with files.opened(path) as content:
        lines = _decoded(path, content)
        _, header = next(lines, (1, ""))
        if header.removeprefix("\ufeff") != HEADER:
            raise errors.UnreadableFile(
                f"{path}: line 1 is not the header of Online Retail ({HEADER})"
            )
        yield from lines


def _decoded(path: Path, content: IO[bytes]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(content, start=1):
        try:
            yield number, line.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise errors.UnreadableFile(
                f"{path}: line {number} is not UTF-8 "
                f"(byte 0x{line[error.start]:02x} at column {error.start + 1})"
            ) from error


def _invoice_number(raw: str) -> str:
    if raw.startswith('"'):
        try:
            return _fields(raw)[0]
        except _Malformed:
            return raw
    return raw.partition(",")[0]


def _fields(raw: str) -> list[str]:
    # No field holds a line end, so a quote that is not closed spoils one line only.
    if '"' not in raw:
        return raw.split(",")
    try:
        fields: list[str] = next(csv.reader([raw], strict=True))
    except csv.Error as error:
        raise _Malformed(f"no CSV: {error}") from error
    return fields


def _row(number: int, raw: str) -> Row:
    if found := _CONTROL.search(raw):
        raise _Malformed(f"the control character U+{ord(found[0]):04X}")
    fields = _fields(raw)
    if len(fields) != len(_COLUMNS):
        raise _Malformed(f"{len(fields)} fields instead of {len(_COLUMNS)}")
    invoice, sku, name, quantity, at, price, customer, country = fields
    return Row(
        number=number,
        raw=raw,
        invoice=_identifier("InvoiceNo", invoice),
        # Kept for matching returns: one string per code, not one per line.
        sku=sys.intern(_identifier("StockCode", sku)),
        name=_at_most("Description", name.strip(), _LONGEST_NAME),
        quantity=_quantity(quantity),
        at=_time(at),
        price=_price(price),
        customer=_at_most("CustomerID", customer.removesuffix(".0"), _LONGEST_ID),
        country=_identifier("Country", country),
    )


def _identifier(column: str, text: str) -> str:
    if not text.strip():
        raise _Malformed(f"{column} is missing")
    return _at_most(column, text, _LONGEST_ID)


def _at_most(column: str, text: str, length: int) -> str:
    if len(text) > length:
        raise _Malformed(f"{column} has more than {length} characters")
    return text


@lru_cache(maxsize=4096)
def _quantity(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text) or not 0 < abs(int(text)) <= (
        MAX_QUANTITY
    ):
        raise _Malformed(
            f"Quantity {text!r} is no whole number from 1 to {MAX_QUANTITY} "
            "or its negative"
        )
    return int(text)


@lru_cache(maxsize=4096)
def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise _Malformed(f"InvoiceDate {text!r} is no YYYY-MM-DD HH:MM:SS") from None


@lru_cache(maxsize=8192)
def _price(text: str) -> Decimal:
    try:
        price = Decimal(text)
        if money.fits(price):
            return money.normalise(price)
    except InvalidOperation:
        pass
    raise _Malformed(
        f"UnitPrice {text!r} is no amount of at most {money.INTEGER_DIGITS} digits "
        f"before the point and {money.FRACTION_DIGITS} after it"
    )


def rejects_of(rows: Iterable[Row], *, reason: str, detail: str = "") -> list[Reject]:
    return [Reject(row.number, reason, row.raw, detail) for row in rows]
