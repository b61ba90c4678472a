"""`event_store rewrap`: all keys under the new DATA_KEY, with progress."""

from collections.abc import Callable

from eventstore import rewrapping


def run(*, write: Callable[[str], object]) -> None:
    """Raises WrongDataKey."""
    total = rewrapping.left()

    def tell(done: int) -> None:
        write(f"{done} of {max(total, done)} keys")

    rewrapping.run(tell=tell)
    left = rewrapping.left()
    write(
        f"{left} keys are still wrapped by a former DATA_KEY: run it again"
        if left
        else "all keys are wrapped by DATA_KEY: DATA_KEY_PREVIOUS can go"
    )
