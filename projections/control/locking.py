"""The leases of a projection or reactor in an operator's hands, and what they set."""

from collections.abc import Callable, Sequence

from projections import checkpoints, errors, registry
from projections.models import Checkpoint


def locked(
    name: str, *, known: Callable[[str], object] = registry.get
) -> Sequence[Checkpoint]:
    """The projection's checkpoints, with their leases held: no batch is under way."""
    known(name)
    found = checkpoints.locked(name, Checkpoint.Role.LIVE)
    if not found:
        raise errors.NotAllowedInState(f"{name} has not been started by a worker yet")
    return found


def set_state(found: Sequence[Checkpoint], state: Checkpoint.State) -> None:
    Checkpoint.objects.filter(pk__in=[each.pk for each in found]).update(
        state=state, failures=0, failure=None, next_attempt_at=None
    )
