"""The identity of the log: its id and epoch, which checkpoints and tokens carry."""

from dataclasses import dataclass

from eventstore.models import Log


@dataclass(frozen=True, slots=True)
class Identity:
    """log_id: UUID text; epoch: raised after a restore, voids what is older."""

    log_id: str
    epoch: int


def identity(*, using: str = "default") -> Identity:
    log_id, epoch = Log.objects.using(using).values_list("log_id", "epoch").get()
    return Identity(str(log_id), epoch)
