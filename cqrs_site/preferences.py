"""How somebody wants to see pages: the theme, and the time zone of moments.

In cookies, so that pages come as they are wanted without a script.
"""

from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

THEME = "theme"
ZONE = "zone"
THEMES = {"": "As the system", "light": "Light", "dark": "Dark"}
KEPT_S = 365 * 24 * 3600


class PreferencesForm(forms.Form):
    theme = forms.ChoiceField(
        choices=list(THEMES.items()), required=False, widget=forms.RadioSelect
    )
    zone = forms.CharField(
        required=False,
        max_length=64,
        label="Time zone",
        widget=forms.TextInput(attrs={"list": "zones", "placeholder": "UTC"}),
    )

    def clean_zone(self) -> str:
        zone: str = self.cleaned_data["zone"].strip()
        if zone and zone not in available_timezones():
            raise forms.ValidationError(
                f"{zone} is no time zone; one is named like Europe/Berlin."
            )
        return zone


def chosen(request: HttpRequest) -> dict[str, Any]:
    """For every template: `theme` ("", "light" or "dark") and `zone` (None: UTC)."""
    theme = request.COOKIES.get(THEME, "")
    return {"theme": theme if theme in THEMES else "", "zone": _zone(request)}


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Shows what is chosen; a POST of some of it changes that, and goes back."""
    if request.method != "POST":
        return _page(request, PreferencesForm(initial=_initial(request)))
    form = PreferencesForm({**_initial(request), **request.POST.dict()})
    if not form.is_valid():
        return _page(request, form, status=422)
    answer = HttpResponseRedirect(_next(request))
    for name in (THEME, ZONE):
        if value := form.cleaned_data[name]:
            answer.set_cookie(
                name, value, max_age=KEPT_S, samesite="Lax", secure=request.is_secure()
            )
        else:
            answer.delete_cookie(name, samesite="Lax")
    return answer


def _page(
    request: HttpRequest, form: PreferencesForm, *, status: int = 200
) -> HttpResponse:
    shown = {"form": form, "zones": sorted(available_timezones())}
    return render(request, "preferences.html", shown, status=status)


def _initial(request: HttpRequest) -> dict[str, str]:
    now = chosen(request)
    return {THEME: now["theme"], ZONE: str(now["zone"] or "")}


def _zone(request: HttpRequest) -> ZoneInfo | None:
    name = request.COOKIES.get(ZONE, "")
    # Looked up in the list: a name is a path below the folder of zones.
    return ZoneInfo(name) if name and name in available_timezones() else None


def _next(request: HttpRequest) -> str:
    asked = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if own else "/"
