"""The log's bounds while positions are drawn as fast as the server can.

PostgreSQL's nextval() writes a record of every 32nd value ahead, and for that moment
the sequence's row, which a plain SELECT reads without the lock, is 32 too far.
"""

import threading

from tests.integration.eventstore import sessions

SEQUENCE = "public.eventstore_event_position_seq"
DRAW = f"SELECT count(nextval('{SEQUENCE}')) FROM generate_series(1, 20000)"
LOOKS = 60_000
SETTLED = "SELECT last FROM eventstore_settled()"
LATER = f"SELECT pg_sequence_last_value('{SEQUENCE}')"


def beyond(read: str) -> int:
    """How often what is read was more than what had been drawn by then."""
    stop = threading.Event()

    def draw() -> None:
        with sessions.opened() as open_session:
            session = open_session(autocommit=True)
            while not stop.is_set():
                session.execute(DRAW)

    drawing = [threading.Thread(target=draw) for _ in range(2)]
    for each in drawing:
        each.start()
    try:
        with sessions.opened() as open_session:
            session = open_session(autocommit=True)
            session.execute(DRAW)
            return sum(session.value(read) > session.value(LATER) for _ in range(LOOKS))
    finally:
        stop.set()
        for each in drawing:
            each.join()


def test_the_settled_position_is_never_beyond_what_was_drawn(database):
    assert beyond(SETTLED) == 0
