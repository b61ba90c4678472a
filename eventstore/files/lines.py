"""The lines of a file of events: newline-delimited JSON, compressed if named .zst.

A header, wrapped keys if they were asked for, then the events in order of position,
each seal behind the events it covers, and a trailer, without which a file is not whole.
`data` and `metadata` are the very text that is stored, not JSON of the same meaning:
seals stay valid.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from eventstore.models import Seal
from eventstore.seals import marks

FORMAT = 1


class _Line(
    msgspec.Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="line",
    tag=str.lower,
):
    pass


class Header(_Line):
    """The events behind position `after` and up to `up_to`, which the log has had.

    readable: made for people, with envelopes instead of events; nothing reads it back.
    """

    format: int
    log_id: UUID
    epoch: int
    after: int
    up_to: int
    made_at: datetime
    readable: bool = False


class Event(_Line):
    position: int
    event_id: UUID
    stream: str
    version: int
    type: str
    schema_version: int
    recorded_at: datetime
    occurred_at: datetime
    data: msgspec.Raw
    metadata: msgspec.Raw

    def mark(self) -> bytes:
        """As marks.read has it from the log. Raises UnicodeDecodeError."""
        columns = [
            str(self.event_id),
            str(self.version),
            str(self.schema_version),
            marks.seconds(self.recorded_at),
            marks.seconds(self.occurred_at),
            marks.quoted(self.stream),
            marks.quoted(self.type),
            self.data_text,
            self.metadata_text,
        ]
        return marks.of(self.position, columns)

    @property
    def data_text(self) -> str:
        return bytes(self.data).decode()

    @property
    def metadata_text(self) -> str:
        return bytes(self.metadata).decode()


class Sealed(_Line, tag="seal"):
    """A row of eventstore_seal; bytes in base64."""

    number: int
    log_id: UUID
    epoch: int
    first_position: int
    last_position: int
    events: int
    marks: bytes
    previous: bytes
    digest: bytes
    public_key: bytes
    signature: bytes
    sealed_at: datetime
    algorithm: int

    @classmethod
    def of(cls, seal: Seal) -> "Sealed":
        return cls(**{name: getattr(seal, name) for name in cls.__struct_fields__})

    def seal(self) -> Seal:
        """Not saved."""
        return Seal(**msgspec.structs.asdict(self))


class Key(_Line):
    """A row of eventstore_key, whose columns are none of this module's business."""

    row: msgspec.Raw


class Trailer(_Line):
    """sha256: hexadecimal, of all lines before, with their line feeds."""

    events: int
    seals: int
    sha256: str


Line = Header | Key | Event | Sealed | Trailer
