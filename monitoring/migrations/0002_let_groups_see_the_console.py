"""Every group may see the operations console."""

from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = ("Viewer", "Operator", "Administrator")


def allow(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    # Permissions are otherwise made only after the last migration.
    create_permissions(
        installed.get_app_config("projections"),
        verbosity=0,
        interactive=False,
        using=using,
    )
    for group in apps.get_model("auth", "Group").objects.using(using):
        if group.name in GROUPS:
            group.permissions.add(_view(apps, using))


def forbid(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    for group in apps.get_model("auth", "Group").objects.using(using):
        group.permissions.remove(_view(apps, using))


def _view(apps: Any, using: str) -> Any:
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    return permissions.get(content_type__app_label="projections", codename="view")


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0001_make_groups"),
    ]

    operations = [migrations.RunPython(allow, forbid)]
