"""What an action is given beside its target: read from a page's address or its form."""

from typing import Any

from django import forms

from projections import partitions


class Nothing(forms.Form):
    """For the actions that take nothing."""


class Rebuild(forms.Form):
    review = forms.BooleanField(required=False, label="Stop before the swap")
    from_timestamp = forms.DateTimeField(
        required=False, label="Only what events since then touch, in UTC"
    )
    partitions = forms.IntegerField(
        required=False, min_value=1, max_value=partitions.MOST, label="Partitions"
    )


class Repartition(forms.Form):
    partitions = forms.IntegerField(
        min_value=1, max_value=partitions.MOST, label="Partitions"
    )


class Start(forms.Form):
    """position: None for now."""

    position = forms.IntegerField(
        required=False, min_value=1, label="Position of the first event"
    )


def sent_again(form: forms.Form) -> list[tuple[str, str]]:
    """Its values as the fields of a form that is sent next."""
    return [
        (name, value.isoformat() if hasattr(value, "isoformat") else str(value))
        for name, value in form.cleaned_data.items()
        if value not in (None, "", False)
    ]


def given(form: forms.Form) -> dict[str, Any]:
    """What the door is called with."""
    return dict(form.cleaned_data)
