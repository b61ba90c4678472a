"""Large events are compressed with lz4, where the server has it: see ADR 15.

PostgreSQL compresses rows above 2 kB. Events that are stored already stay as they are.
"""

import logging
from typing import Any

from django.db import NotSupportedError, migrations, transaction

logger = logging.getLogger(__name__)

COMPRESS = """
ALTER TABLE eventstore_event
    ALTER COLUMN data SET COMPRESSION {0},
    ALTER COLUMN metadata SET COMPRESSION {0}
"""


def compress(apps: Any, schema_editor: Any) -> None:
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute(COMPRESS.format("lz4"))
    except NotSupportedError:
        logger.warning(
            "this PostgreSQL was built without lz4: large events are compressed with "
            "its own pglz, which takes more time"
        )


def compress_as_before(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(COMPRESS.format("default"))


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0005_seals")]
    operations = [migrations.RunPython(compress, compress_as_before)]
