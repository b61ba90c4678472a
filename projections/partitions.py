"""Which partition of a projection a stream belongs to."""

import hashlib

MOST = 256  # partitions of a projection


def bucket(stream: str, partitions: int) -> int:
    """The same in every process and for ever; 0 … partitions - 1."""
    if partitions == 1:
        return 0
    digest = hashlib.blake2b(stream.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % partitions
