"""Lists as text/csv (RFC 4180), streamed: of any length, in bounded memory.

Asked for by `Accept: text/csv`, or by `?format=csv` where only a link can be given.
Values are written as they are. A spreadsheet may take a text that begins with "=" for
a formula: import such columns as text.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from api import parameters
from api.renderers import JSONRenderer

MEDIA_TYPE = "text/csv"
FORMAT = "format"  # the parameter, which comes before what Accept says
ROWS_AT_ONCE = 500  # some 100 kB


class CsvRenderer(BaseRenderer):
    """Lets `Accept: text/csv` through; `respond` does the writing."""

    media_type = MEDIA_TYPE
    format = "csv"


RENDERERS = (JSONRenderer, CsvRenderer)  # of a view that can do both


def is_asked(request: Request) -> bool:
    """Raises Problem 422 for a `format` that is neither json nor csv."""
    accepted = request.accepted_renderer.format
    if parameters.choice(request, FORMAT, ("json", "csv"), accepted) == "csv":
        return True
    request.accepted_renderer = JSONRenderer()
    request.accepted_media_type = JSONRenderer.media_type
    return False


def respond(
    rows: Iterable[Mapping[str, Any]],
    *,
    columns: Sequence[str],
    name: str,
    headers: Mapping[str, str],
) -> StreamingHttpResponse:
    """An answer with a line of column names and one a row; null is an empty field.

    The first rows are read here, so that a database that is away is still a 503.
    """
    chunks = _chunks(iter(rows), columns)
    first = next(chunks)
    return StreamingHttpResponse(
        chain([first], chunks),
        content_type=f"{MEDIA_TYPE}; charset=utf-8; header=present",
        headers={"Content-Disposition": f'attachment; filename="{name}"', **headers},
    )


def _chunks(rows: Iterator[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        writer.writerows(batch)
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    if left := text.getvalue():  # there are no rows at all
        yield left
