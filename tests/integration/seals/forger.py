"""A superuser who switches the triggers off, changes history, and leaves no trace."""

from tests.integration.eventstore.sessions import Session

TRIGGERS = """
SELECT tgrelid::regclass, tgname
FROM pg_trigger
WHERE tgrelid IN ('eventstore_event'::regclass, 'eventstore_seal'::regclass)
  AND NOT tgisinternal
"""
INSERT = """
INSERT INTO eventstore_event OVERRIDING SYSTEM VALUE
VALUES (%s, gen_random_uuid(), %s, 1, 'NoteAdded', 1, now(), now(), '{}', '{}')
"""


class Forger:
    def __init__(self, session: Session) -> None:
        self._session = session

    def run(self, sql: str, parameters=()) -> None:
        self._triggers("DISABLE")
        self._session.execute(sql, parameters)
        self._triggers("ENABLE ALWAYS")

    def _triggers(self, state: str) -> None:
        for table, name in self._session.execute(TRIGGERS).fetchall():
            self._session.execute(f"ALTER TABLE {table} {state} TRIGGER {name}")

    def insert(self, position: int) -> None:
        self.run(INSERT, [position, f"order-forged{position}"])

    def swap(self, one: int, other: int) -> None:
        column = "ALTER TABLE eventstore_event ALTER position SET GENERATED"
        self.run(f"{column} BY DEFAULT")
        for old, new in ((one, 0), (other, one), (0, other)):
            self.run(
                "UPDATE eventstore_event SET position = %s WHERE position = %s",
                [new, old],
            )
        self.run(f"{column} ALWAYS")
