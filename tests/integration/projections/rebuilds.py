"""Takes rebuilds further as the workers do, a step or all the way."""

from django.db import connections

from projections import control, operating, operations, runner, tables
from projections.models import Checkpoint, Operation
from tests.integration.projections import accounts
from tests.integration.projections.accounts import NAME

State = Operation.State


def begin(name: str = NAME, **arguments) -> Operation:
    return control.rebuild(name, actor=accounts.ADA, reason="tests", **arguments)


def step(operation: Operation) -> Operation:
    """One step of the operation's workers, and one round of the followers."""
    operating.STEPS[operation.kind](operation)
    runner.run_round(worker="tests")
    return operations.get(operation.pk)


def until(operation: Operation, *states: State, steps: int = 200) -> Operation:
    """Steps on until it is in one of the states."""
    for _ in range(steps):
        if operation.state in states:
            return operation
        operation = step(operation)
    raise AssertionError(f"{operation} is {operation.state}: {operation.note}")


def rebuild(name: str = NAME, **arguments) -> Operation:
    """A whole rebuild; it went live."""
    return until(begin(name, **arguments), State.FINISHED)


def roll_back(name: str = NAME) -> Operation:
    operation = control.rollback(name, actor=accounts.ADA, reason="tests")
    return until(operation, State.FINISHED)


def roles(name: str = NAME) -> dict[str, int]:
    """Role -> generation."""
    found = Checkpoint.objects.filter(projection=name)
    return dict(found.values_list("role", "generation"))


def tables_in(schema: str) -> list[str]:
    with connections["read"].cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class "
            "WHERE relnamespace = %s::regnamespace AND relkind = 'r'",
            [schema],
        )
        return sorted(name for (name,) in cursor.fetchall())


def indexes(name: str, schema: str = "") -> dict[str, str]:
    """Name -> definition without the schema."""
    with connections["read"].cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i "
            "JOIN pg_class c ON c.oid = i.indexrelid WHERE indrelid = %s::regclass",
            [tables.qualified(name, schema)],
        )
        return {
            index: text.replace(f"{schema}." if schema else "public.", "")
            for index, text in cursor.fetchall()
        }
