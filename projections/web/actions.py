"""The table of actions on a projection: URL word, body, what it does, an example."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.serializers import StrictSerializer
from projections import control
from projections.models import Operation
from projections.web import bodies


@dataclass(frozen=True, kw_only=True)
class Action:
    """perform(name, *, actor, reason, …values of the body).

    begins: whether it answers with an operation that workers go on with (202).
    """

    word: str
    perform: Callable[..., Operation | None]
    summary: str
    description: str
    body: type[StrictSerializer] = bodies.GivenReasonSerializer
    example: Mapping[str, Any] = field(default_factory=dict)
    begins: bool = False


ACTIONS = (
    Action(
        word="pause",
        perform=control.pause,
        summary="Pause a projection",
        description="It stops after the batch at work; its rows stay as they are.",
        example={"reason": "index maintenance"},
    ),
    Action(
        word="resume",
        perform=control.resume,
        summary="Resume a projection",
        description="A paused one goes on, a failing one tries again at once.",
        example={"reason": "the index is there"},
    ),
    Action(
        word="rebuild",
        perform=control.rebuild,
        summary="Rebuild a projection",
        description="Its tables are built anew beside the live ones, compared with "
        "them, and then swapped in. With `review` it stops before the swap.",
        body=bodies.RebuildSerializer,
        example={"reason": "fixed totals", "review": True},
        begins=True,
    ),
    Action(
        word="swap",
        perform=control.swap,
        summary="Let a rebuild go live",
        description="For one that waits for review.",
        example={"reason": "the differences are as expected"},
        begins=True,
    ),
    Action(
        word="rollback",
        perform=control.rollback,
        summary="Roll back the last swap",
        description="The tables that it replaced are caught up and go live again.",
        example={"reason": "totals are wrong"},
        begins=True,
    ),
    Action(
        word="discard",
        perform=control.discard,
        summary="Discard the kept tables",
        description="Those that a roll back would bring back.",
        example={"reason": "the rebuild has stood for a week"},
    ),
    Action(
        word="cancel",
        perform=control.cancel,
        summary="Cancel a rebuild or roll back",
        description="The one of this projection that is under way; nothing of it is "
        "left behind.",
        example={"reason": "begun by mistake"},
    ),
    Action(
        word="repartition",
        perform=control.repartition,
        summary="Change the number of partitions",
        description="While the projection runs.",
        body=bodies.RepartitionSerializer,
        example={"reason": "more workers", "partitions": 4},
    ),
)
