"""A projection of orders that records what it saw: each order's versions, in order."""

from contextlib import contextmanager

import pytest
from django.db import connections, models

from orders.streams import ORDER
from projections import registry
from projections.projection import Projection, Rows, Table


class Seen(models.Model):
    stream = models.TextField(primary_key=True)
    versions = models.JSONField()

    class Meta:
        app_label = "loyalty"
        db_table = "tests_seen"
        managed = False


TABLE = Table(Seen, key_of=lambda event: event.stream, structs={"versions": list[int]})


class OrderSeen(Projection):
    name = "order_seen"
    version = 1
    stream_type = ORDER
    reads = [each.struct for each in ORDER.events]
    tables = [TABLE]

    def fold(self, rows: Rows, event) -> None:
        row = rows.get(TABLE, event.stream) or Seen(stream=event.stream, versions=[])
        row.versions = [*row.versions, event.version]
        rows.put(TABLE, row)

    def rows_of(self, stream: str):
        return Seen.objects.filter(pk=stream)


@contextmanager
def installed():
    """With its table, and known to the engine."""
    connection = connections["read"]
    with connection.schema_editor() as editor:
        editor.create_model(Seen)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(registry.all(), OrderSeen.name, OrderSeen())
        yield
    with connection.schema_editor() as editor:
        editor.delete_model(Seen)


def versions() -> dict[str, list[int]]:
    return dict(Seen.objects.values_list("stream", "versions"))
