"""The Celery app: queues, the sweep, and the checks a worker makes at its start."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import (
    beat_init,
    celeryd_after_setup,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
)
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cqrs_site.settings")

app = Celery("cqrs_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# "projections" holds followers, which keep their slot for seconds; what has to run
# beside them stands in "operations". A worker takes one queue or both.
app.conf.task_queues = [Queue("projections"), Queue("operations")]
app.conf.task_default_queue = "operations"
app.conf.beat_schedule = {
    # A follower that died, or a hint that was lost, is made good within a second.
    "sweep": {"task": "projections.follow", "schedule": 1.0, "options": {"expires": 1}},
    "operate": {
        "task": "projections.operate",
        "schedule": 1.0,
        "options": {"expires": 1},
    },
    # A reactor answers within about a second, and timers fire as soon as they are due.
    # Slots may be taken by operations for some seconds: the message waits for one.
    "react": {
        "task": "projections.react",
        "schedule": 1.0,
        "options": {"expires": 10},
    },
    # Expired answers count as absent anyway: this is for space.
    "delete_expired_answers": {
        "task": "eventstore.delete_expired_answers",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    # The log's newest minute is the part that nothing protects from a superuser.
    "seal": {"task": "eventstore.seal", "schedule": 60.0, "options": {"expires": 60}},
}


@app.on_after_configure.connect
def schedule_what_is_configured(sender: Celery, **kwargs: Any) -> None:
    """Adds what has its interval from cqrs.yaml, which is read with the settings."""
    sender.conf.beat_schedule |= configured()


def configured() -> dict[str, Any]:
    """The entries of the schedule whose intervals are configured; none that are off."""
    from django.conf import settings

    every_s = settings.CQRS.query_side.consistency_check.every_s
    check = {
        "task": "projections.check_consistency",
        "schedule": float(every_s),
        "options": {"expires": every_s},
    }
    # Twice in each slot: a run that is a little late then leaves no gap.
    half_s = settings.CQRS.monitoring.metrics_interval_s / 2
    sample = {
        "task": "monitoring.sample",
        "schedule": half_s,
        "options": {"expires": half_s},
    }
    checks = {"check_consistency": check} if every_s else {}
    return {"sample": sample, **checks}


@worker_init.connect
def refuse_a_log_without_guards(**kwargs: Any) -> None:
    """Ends the worker when the database does not keep what the log promises."""
    from django.core.checks import run_checks

    found = [each for each in run_checks(databases=["default"]) if each.is_serious()]
    if found:
        # SystemExit, because Celery logs any other exception of a receiver and goes on.
        sys.exit("\n".join(str(each) for each in found))


# What the slots of this worker, which are processes, say of themselves.
_worker: dict[str, Any] = {"name": "", "queues": ()}


@celeryd_after_setup.connect
def remember_the_worker(sender: str, instance: Any, **kwargs: Any) -> None:
    """Its name and queues, before its slots are forked."""
    _worker.update(name=sender, queues=tuple(instance.app.amqp.queues.consume_from))


@worker_process_init.connect
def introduce_a_slot(**kwargs: Any) -> None:
    from eventstore.telemetry import presence, sending

    sending.introduce(presence.WORKER, **_worker)


@worker_process_shutdown.connect
def send_the_rest(**kwargs: Any) -> None:
    """A slot ends without what Python does at an exit."""
    from eventstore.telemetry import sending

    sending.flush()


@beat_init.connect
def introduce_beat(**kwargs: Any) -> None:
    from eventstore.telemetry import presence, sending

    sending.introduce(presence.BEAT)
