"""The filters of the operators' lists: exact values."""

import django_filters

from projections.models import AuditEntry, DeadLetter, Operation


def _exactly(longest: int) -> django_filters.CharFilter:
    return django_filters.CharFilter(max_length=longest)


class DeadLetterFilter(django_filters.FilterSet):
    projection = _exactly(100)
    state = _exactly(20)
    category = _exactly(50)
    type = _exactly(200)

    class Meta:
        model = DeadLetter
        fields: list[str] = []


class OperationFilter(django_filters.FilterSet):
    projection = _exactly(100)

    class Meta:
        model = Operation
        fields: list[str] = []


class AuditFilter(django_filters.FilterSet):
    projection = _exactly(100)
    action = _exactly(50)
    actor = _exactly(200)

    class Meta:
        model = AuditEntry
        fields: list[str] = []
