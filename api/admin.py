from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from api import keys
from api.models import ApiKey


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(
        choices=lambda: list(settings.API_SCOPES.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    expires_at = forms.SplitDateTimeField(required=False, widget=AdminSplitDateTime)

    class Meta:
        model = ApiKey
        fields = ["name", "scopes", "expires_at"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        try:
            keys.check(
                name=cleaned.get("name", "-"),
                scopes=cleaned.get("scopes", list(settings.API_SCOPES)),
                expires_at=cleaned.get("expires_at"),
            )
        except keys.ApiKeyError as error:
            raise ValidationError(str(error)) from error
        return cleaned


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A key is made here, shown once, and later only revoked: the trail stays."""

    form = ApiKeyForm
    list_display = [
        "name",
        "prefix",
        "allowed",
        "expires",
        "last_used",
        "revoked",
    ]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "prefix"]
    actions = ["revoke"]

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        if obj is None:
            return ApiKeyForm.Meta.fields
        return [*self.list_display, "created"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else []

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        # A key is shown once after it was made, and later there is nothing to save.
        buttons = {
            "show_save": object_id is None,
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
        }
        shown = {**(extra_context or {}), **buttons}
        return super().changeform_view(request, object_id, form_url, shown)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: Any, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            return
        created = keys.create(
            name=obj.name, scopes=obj.scopes, expires_at=obj.expires_at
        )
        obj.pk = ApiKey.objects.get(name=obj.name).pk
        request.created_key = created

    def response_add(
        self, request: Any, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        # Rendered at once, without a redirect: the key is never stored on its way.
        context = {
            **self.admin_site.each_context(request),
            "title": "API key created",
            "created": request.created_key,
            "opts": self.opts,
        }
        template = "admin/api/apikey/created.html"
        response = TemplateResponse(request, template, context)
        response["Cache-Control"] = "no-store"
        return response

    @admin.display(description="scopes")
    def allowed(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description="created at")
    def created(self, key: ApiKey) -> SafeString:
        return _moment(key.created_at, otherwise="-")

    @admin.display(description="expires at", ordering="expires_at")
    def expires(self, key: ApiKey) -> SafeString:
        return _moment(key.expires_at, otherwise="never")

    @admin.display(description="last used at", ordering="last_used_at")
    def last_used(self, key: ApiKey) -> SafeString:
        return _moment(key.last_used_at, otherwise="never")

    @admin.display(description="revoked at", ordering="revoked_at")
    def revoked(self, key: ApiKey) -> SafeString:
        return _moment(key.revoked_at, otherwise="-")

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        names = list(queryset.values_list("name", flat=True))
        for name in names:
            keys.revoke(name)
        self.message_user(request, f"Revoked: {', '.join(names)}.")


def _moment(at: datetime | None, *, otherwise: str) -> SafeString:
    text = f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else otherwise
    return format_html("<span class='moment'>{}</span>", text)
