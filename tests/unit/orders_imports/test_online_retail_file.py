import lzma
from pathlib import Path

import pytest

from orders.imports import errors, online_retail_file
from orders.imports.online_retail_file import HEADER, MALFORMED

GOOD = "536365,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom"


def write(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def read(path: Path) -> list[online_retail_file.Invoice]:
    return list(online_retail_file.invoices(path, online_retail_file.survey(path)))


def fault_of(tmp_path: Path, line: str) -> str:
    (invoice,) = read(write(tmp_path / "one.csv", line))
    assert not invoice.rows
    (reject,) = invoice.rejects
    assert (reject.number, reject.reason, reject.raw) == (2, MALFORMED, line)
    return reject.detail


def test_it_reads_quotes_commas_and_float_customers(tmp_path):
    path = write(
        tmp_path / "a.csv",
        '1,X," FRAME 7"" TALL, ",24,2011-01-04 10:00:00,2.1,16210.0,EIRE',
    )
    ((row,),) = [invoice.rows for invoice in read(path)]
    assert row.name == 'FRAME 7" TALL,'
    assert (row.customer, row.quantity, str(row.price)) == ("16210", 24, "2.10")
    assert row.at.isoformat() == "2011-01-04T10:00:00+00:00"


def test_it_reads_an_xz_file_whatever_its_name(tmp_path):
    path = tmp_path / "history"
    path.write_bytes(lzma.compress(f"{HEADER}\n{GOOD}\n".encode()))
    assert [row.invoice for invoice in read(path) for row in invoice.rows] == ["536365"]


def test_it_reads_a_file_with_windows_line_ends_and_byte_order_mark(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(f"\ufeff{HEADER}\r\n{GOOD}\r\n".encode())
    (invoice,) = read(path)
    assert invoice.rows[0].country == "United Kingdom"


def test_it_keeps_the_lines_of_an_interrupted_invoice_together(tmp_path):
    names = ["1", "1", "2", "3", "1", "3"]
    lines = [f"{name}{GOOD.removeprefix('536365')}" for name in names]
    invoices = read(write(tmp_path / "a.csv", *lines))
    assert [
        (invoice.number, [row.number for row in invoice.rows]) for invoice in invoices
    ] == [("1", [2, 3, 6]), ("2", [4]), ("3", [5, 7])]


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (GOOD.replace(",6,", ",six,"), "Quantity 'six'"),
        (GOOD.replace(",6,", ",0,"), "Quantity '0'"),
        (GOOD.replace(",6,", ",1000001,"), "Quantity '1000001'"),
        (GOOD.replace("2.55", "2.55555"), "UnitPrice '2.55555'"),
        (GOOD.replace("2.55", "NaN"), "UnitPrice 'NaN'"),
        (GOOD.replace("2.55", "1e99"), "UnitPrice '1e99'"),
        (GOOD.replace("2.55", ""), "UnitPrice ''"),
        (GOOD.replace("2010-12-01", "01/12/2010"), "InvoiceDate"),
        (GOOD.replace("85123A", ""), "StockCode is missing"),
        (GOOD.replace("85123A", "8" * 65), "StockCode has more than 64"),
        (GOOD.replace("WHITE", "W" * 200), "Description has more than 200"),
        (GOOD.replace("United Kingdom", ""), "Country is missing"),
        (GOOD.replace("HEART", "HE\x00ART"), "U+0000"),
        (GOOD.replace(",United Kingdom", ""), "7 fields instead of 8"),
        (GOOD.replace("WHITE", '"WHITE'), "no CSV"),
        ("", "1 fields instead of 8"),
    ],
)
def test_it_says_what_is_wrong_with_a_line(tmp_path, line, detail):
    assert detail in fault_of(tmp_path, line)


def test_it_keeps_a_quote_that_is_not_closed_to_its_line(tmp_path):
    path = write(tmp_path / "a.csv", GOOD.replace("WHITE", '"WHITE'), GOOD)
    (invoice,) = read(path)
    assert [row.number for row in invoice.rows] == [3]
    assert [reject.number for reject in invoice.rejects] == [2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1 is not the header"),
        (b"a,b,c\n1,2,3\n", "line 1 is not the header"),
        (f"{HEADER}\n{GOOD}\n".encode() + b"1,\xff,\n", "line 3 is not UTF-8 (byte"),
        (lzma.compress(HEADER.encode() * 99)[:-20], "damaged or incomplete"),
    ],
)
def test_it_refuses_a_file_that_is_not_of_the_format(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(errors.UnreadableFile) as caught:
        online_retail_file.survey(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_it_refuses_a_missing_file_and_a_folder(tmp_path):
    for path, message in [
        (tmp_path / "none.csv", "No such file"),
        (tmp_path, "no regular"),
    ]:
        with pytest.raises(errors.UnreadableFile, match=message):
            online_retail_file.survey(path)


def test_it_notices_a_file_that_shrinks_while_it_is_read(tmp_path):
    path = write(tmp_path / "a.csv", GOOD, GOOD)
    surveyed = online_retail_file.survey(path)
    write(path, GOOD)
    with pytest.raises(errors.UnreadableFile, match="changed while it was read"):
        list(online_retail_file.invoices(path, surveyed))
