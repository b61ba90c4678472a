"""Writes Online Retail files of any length, with returns of what was sold before."""

from pathlib import Path

from orders.imports.online_retail_file import HEADER


def write(path: Path, *, invoices: int) -> Path:
    """Each invoice has two lines; every third is followed by a return of one unit."""
    lines = [HEADER]
    for number in range(1, invoices + 1):
        rest = f"2011-03-01 09:00:00,2.50,{number % 50}.0,France"
        lines += [f"{number},TEA,TEA,3,{rest}", f"{number},MUG,MUG,1,{rest}"]
        if number % 3 == 0:
            lines.append(f"C{number},TEA,TEA,-1,{rest}")
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path
