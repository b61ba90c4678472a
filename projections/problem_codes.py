"""The codes of what reading from a projection, and operating one, may answer."""

from api.codes import Code, FaultCode, register
from api.problem_codes import LATER

_OPERATING = "Look at the projection: its state and its last error say what to do."

register(
    Code(
        name="bad-consistency-token",
        status=400,
        when="The `Consistency-Token` is none of this system, or older than the last "
        "restore of the log.",
        then="Send the token of a command's answer as it is, or none.",
    ),
    Code(
        name="not-permitted",
        status=403,
        when="The operator may not do this; the detail names the permission.",
        then="Ask an administrator.",
    ),
    Code(
        name="unknown-projection",
        status=404,
        when="There is no projection of this name; the detail lists those there are.",
        then="Take one of them.",
    ),
    Code(
        name="unknown-operation",
        status=404,
        when="There is no operation with this number.",
        then="List the operations.",
    ),
    Code(
        name="unknown-dead-letter",
        status=404,
        when="There is no dead letter with this number; it may be resolved by now.",
        then="List the dead letters.",
    ),
    Code(
        name="not-allowed-in-state",
        status=409,
        when="The projection's state, or that of its rebuild, does not allow this.",
        then=_OPERATING,
    ),
    Code(
        name="being-filled",
        status=409,
        when="The projection does not have all yet that the log had when it began.",
        then="Wait until it is filled.",
    ),
    Code(
        name="log-diverged",
        status=409,
        when="The event at the projection's checkpoint is gone, or is another one.",
        then="Rebuild the projection.",
    ),
    Code(
        name="never-level",
        status=409,
        when="Two generations could not be brought to one position to be compared.",
        then="Try again when less is written.",
    ),
    Code(
        name="redis-away",
        status=409,
        when="The Redis that keeps the projection's entries does not answer.",
        then="Bring Redis back; nothing is lost.",
    ),
    Code(
        name="rows-lost",
        status=409,
        when="Redis lacks entries that it has had.",
        then="Wait: the projection is filled again by itself.",
    ),
    Code(
        name="too-many-dead-letters",
        status=409,
        when="More streams fail than may be held.",
        then="Mend the code, retry or skip what is held.",
    ),
    Code(
        name="took-too-long",
        status=409,
        when="Two generations could not be compared in the time allowed for it.",
        then="Try again when less is written.",
    ),
    Code(
        name="unknown-reactor",
        status=409,
        when="There is no reactor of this name.",
        then="List the reactors on the command line.",
    ),
    Code(
        name="read-model-behind",
        status=503,
        when="The read model does not have the demanded write yet. `lag_events` and "
        "`lag_seconds` say how far it is behind.",
        then=f"{LATER} What was accepted is durable.",
    ),
    Code(
        name="order-parked",
        status=503,
        when="An event of this order cannot be read into the read model.",
        then="Tell the operators. What was accepted is durable.",
    ),
    Code(
        name="query-too-slow",
        status=503,
        when="The query asks for more than the database can find in time.",
        then="Narrow it: fewer filters at once, rarer values, a shorter time.",
    ),
    Code(
        name="too-many-waiting",
        status=503,
        when="As many requests wait for events as may wait.",
        then="Ask again after `Retry-After`, or without `Prefer: wait`.",
    ),
    faults=[
        FaultCode(name="missing-reason", when="The action needs a reason."),
        FaultCode(name="reason-too-long", when="The reason has too many characters."),
        FaultCode(
            name="wrong-partitions",
            when="The projection cannot have so many partitions.",
        ),
        FaultCode(
            name="wrong-selection",
            when="Held streams are chosen by nothing, or by too many ids.",
        ),
        FaultCode(
            name="unknown-stream-type", when="The stream belongs to no known type."
        ),
    ],
)
