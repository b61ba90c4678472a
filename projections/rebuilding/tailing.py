"""Lets followers bring the coming tables level with the live ones."""

from eventstore import settled
from projections import checkpoints, failure, operations
from projections.models import Checkpoint, Operation
from projections.rebuilding import ending, generations, progress

# Positions that the next states bridge themselves, in one go, while they hold leases.
LEVEL = 1_000


def step(operation: Operation) -> bool:
    """To the comparison, once the coming tables are about as far as the live ones."""
    coming = generations.coming(operation)
    up_to = settled.position().settled
    progress.write(operation, coming, goal=up_to)
    if broken := next((each for each in coming if failure.is_faulted(each)), None):
        ending.fail(operation, failure.text(broken, "error"))
        return False
    stands = min((each.position for each in coming), default=0)
    if stands + LEVEL < min(up_to, _live(operation.projection)):
        return False
    compares = operation.kind == Operation.Kind.REBUILD
    return operations.move(
        operation,
        Operation.State.COMPARING if compares else Operation.State.SWAPPING,
        done=stands,
        total=max(up_to, stands),
    )


def _live(name: str) -> int:
    """Where the live tables stand; those that left this log do not count."""
    return max(
        (
            each.position
            for each in checkpoints.live(name)
            if each.state != Checkpoint.State.FAULTED
        ),
        default=0,
    )
