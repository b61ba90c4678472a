"""The bodies of the operators' actions: each may give a reason, strictly read."""

from typing import Any

from api.fields import (
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    TimeField,
)
from api.serializers import StrictSerializer
from projections import partitions
from projections.audit import LONGEST_REASON
from projections.failure import LONGEST_CATEGORY

REASON = "for the audit"
LONGEST_NAME = 63  # of a projection, as the configuration has it


def _partitions(**options: Any) -> StrictIntegerField:
    return StrictIntegerField(min_value=1, max_value=partitions.MOST, **options)


class GivenReasonSerializer(StrictSerializer):
    reason = StrictCharField(
        max_length=LONGEST_REASON, min_length=0, required=False, help_text=REASON
    )


class NeededReasonSerializer(StrictSerializer):
    reason = StrictCharField(max_length=LONGEST_REASON, help_text=REASON)


class RebuildSerializer(GivenReasonSerializer):
    review = StrictBooleanField(required=False, help_text="stop before the swap")
    from_timestamp = TimeField(
        required=False,
        help_text="only what events that occurred then or later touch; default: all",
    )
    partitions = _partitions(required=False, help_text="default: as configured")


class RepartitionSerializer(GivenReasonSerializer):
    partitions = _partitions()


class RetryAllSerializer(GivenReasonSerializer):
    projection = StrictCharField(max_length=LONGEST_NAME)
    category = StrictCharField(
        max_length=LONGEST_CATEGORY, required=False, help_text="only of this category"
    )
    type = StrictCharField(
        max_length=200, required=False, help_text="only those that fail at this type"
    )
