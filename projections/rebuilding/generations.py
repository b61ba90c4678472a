"""Which generation is to become the live one, and the numbers of generations."""

from django.db.models import Max

from projections import checkpoints
from projections.models import Checkpoint, Operation


def role_of(operation: Operation) -> Checkpoint.Role:
    """The role that the coming generation has until the swap."""
    if operation.kind == Operation.Kind.ROLLBACK:
        return Checkpoint.Role.KEPT
    return Checkpoint.Role.SHADOW


def coming(operation: Operation) -> list[Checkpoint]:
    """The checkpoints of the generation that is to become the live one."""
    return checkpoints.of(operation.projection, role_of(operation))


def newest(name: str) -> int:
    """The greatest generation number that a projection ever had; 0 for none."""
    numbers = [
        model.objects.filter(projection=name).aggregate(newest=Max("generation"))
        for model in (Checkpoint, Operation)
    ]
    return max(each["newest"] or 0 for each in numbers)
