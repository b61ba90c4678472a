"""The shapes of the answers for operators, with an example of each."""

from typing import Any

from rest_framework import serializers

STATES = ("running", "catching_up", "paused", "stalled", "faulted")


def _count(help_text: str | None = None) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, help_text=help_text)


def _time(**options: Any) -> serializers.DateTimeField:
    return serializers.DateTimeField(**options)


def _seconds(**options: Any) -> serializers.FloatField:
    return serializers.FloatField(min_value=0, **options)


class StatusSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    state = serializers.CharField(help_text=", ".join(STATES))
    rebuild = serializers.CharField(
        help_text="none, or the state of the newest rebuild that did not go live"
    )
    rebuild_progress = serializers.FloatField(
        allow_null=True, help_text="0 to 1 while a rebuild is under way"
    )
    operation = serializers.IntegerField(
        allow_null=True, help_text="the id of that rebuild"
    )
    version = serializers.IntegerField()
    generation = _count()
    kept_version = serializers.IntegerField(
        allow_null=True, help_text="of the tables that a roll back brings back"
    )
    partitions = _count()
    position = _count("of the partition furthest behind")
    head = _count("position of the newest event")
    lag_events = _count()
    lag_seconds = _seconds(help_text="age of the oldest event that is not read")
    rate = _seconds(help_text="events per second")
    eta_seconds = _seconds(allow_null=True, help_text="until the lag is gone")
    advanced_at = _time(allow_null=True)
    worker = serializers.CharField(allow_blank=True)
    dead_letters = _count("streams that are held")
    last_error = serializers.CharField(allow_blank=True)
    last_traceback = serializers.CharField(allow_blank=True)
    checked = _count("streams whose rows were compared with their events")
    check_failures = _count("those of them that differed")
    last_checked_at = _time(allow_null=True)
    last_check_failure = serializers.DictField(
        allow_null=True, help_text="the newest stream that differed"
    )


class StatusListSerializer(serializers.Serializer[Any]):
    data = StatusSerializer(many=True)  # type: ignore[assignment]
    next = serializers.URLField(allow_null=True, help_text="always null")


class OperationSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(min_value=1)
    kind = serializers.CharField(help_text="rebuild, rollback or retry")
    projection = serializers.CharField()
    generation = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField(help_text="of the projection's code")
    state = serializers.CharField(
        help_text="filling, tailing, comparing, ready, swapping, retrying; at its end "
        "finished, failed or cancelled"
    )
    actor = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    parameters = serializers.DictField()
    done = _count("positions of the log; of a retry, streams")
    total = _count()
    progress = serializers.FloatField(min_value=0, max_value=1)
    rate = _seconds(help_text="of `done`, per second")
    eta_seconds = serializers.FloatField(allow_null=True)
    note = serializers.CharField(allow_blank=True, help_text="what it waits for")
    result = serializers.DictField()
    started_at = _time()
    changed_at = _time()
    finished_at = _time(allow_null=True)


class OperationPageSerializer(serializers.Serializer[Any]):
    data = OperationSerializer(many=True)  # type: ignore[assignment]
    next = serializers.URLField(allow_null=True)


class DeadLetterSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(min_value=1)
    projection = serializers.CharField()
    generation = serializers.IntegerField()
    stream = serializers.CharField()
    state = serializers.CharField(help_text="retrying, or parked for an operator")
    position = serializers.IntegerField(help_text="of the event that fails")
    event_id = serializers.UUIDField()
    version = serializers.IntegerField()
    type = serializers.CharField()
    category = serializers.CharField()
    error = serializers.CharField()
    handler = serializers.CharField()
    attempts = serializers.IntegerField(min_value=1)
    first_failed_at = _time()
    last_failed_at = _time()
    next_attempt_at = _time(allow_null=True)


class DeadLetterPageSerializer(serializers.Serializer[Any]):
    data = DeadLetterSerializer(many=True)  # type: ignore[assignment]
    next = serializers.URLField(allow_null=True)


class WholeDeadLetterSerializer(DeadLetterSerializer):
    held_events = _count("the failing one and those behind it")
    traceback = serializers.CharField()


class FreedSerializer(serializers.Serializer[Any]):
    freed = serializers.BooleanField(help_text="whether it is held no longer")
    dead_letter = DeadLetterSerializer(
        allow_null=True, help_text="as it stands, if it is still held"
    )


class WholeProjectionSerializer(StatusSerializer):
    under_way = OperationSerializer(many=True)
    newest_failures = DeadLetterSerializer(many=True)


class AuditEntrySerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(min_value=1)
    at = _time()
    actor = serializers.CharField()
    action = serializers.CharField(allow_blank=True)
    projection = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    parameters = serializers.DictField()
    outcome = serializers.CharField(
        help_text="done, started, refused, or the state in which an operation ended"
    )
    detail = serializers.CharField(allow_blank=True, help_text="why it was refused")
    operation = serializers.IntegerField(allow_null=True)


class AuditPageSerializer(serializers.Serializer[Any]):
    data = AuditEntrySerializer(many=True)  # type: ignore[assignment]
    next = serializers.URLField(allow_null=True)
