"""The one door for what operators do to projections: permitted, explained, audited.

Whichever way it comes (console, admin, API, command line): permission is asked for
here, and what was done or refused is in the audit (P9).

once: what a review page signed (confirming.py). Each function then acts once for its
token, whoever sends it again gets AlreadyDone; and only as long as all stands as the
page showed it, else Overtaken.
"""

from projections.control.held import retry, retry_all, retry_matching, skip
from projections.control.reactors import pause_reactor, resume_reactor, start_reactor
from projections.control.rebuilds import (
    cancel,
    cancel_operation,
    discard,
    rebuild,
    rollback,
    swap,
)
from projections.control.running import pause, repartition, resume

__all__ = [
    "cancel",
    "cancel_operation",
    "discard",
    "pause",
    "pause_reactor",
    "rebuild",
    "repartition",
    "resume",
    "resume_reactor",
    "retry",
    "retry_all",
    "retry_matching",
    "rollback",
    "skip",
    "start_reactor",
    "swap",
]
