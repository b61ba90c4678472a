"""The groups of those who watch and steer: Viewer, Operator, Administrator."""

from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

LOOKED_AT = ("eventstore", "orders", "projections")
STEERED = {"pause", "rebuild", "swap", "retry", "skip"}  # of projections
# Beside all that an operator may do: keys, users, and the data of events.
ADMINISTERED = ("api", "auth")
PAYLOAD = "view_payload"


def make_groups(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    # Permissions are otherwise made only after the last migration.
    for label in (*LOOKED_AT, *ADMINISTERED):
        create_permissions(
            installed.get_app_config(label), verbosity=0, interactive=False, using=using
        )
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    own = permissions.filter(content_type__app_label__in=LOOKED_AT)
    looking = own.filter(codename__startswith="view_").exclude(codename=PAYLOAD)
    steering = permissions.filter(
        content_type__app_label="projections", codename__in=STEERED
    )
    administering = permissions.filter(
        content_type__app_label__in=ADMINISTERED
    ) | own.filter(codename=PAYLOAD)
    groups = apps.get_model("auth", "Group").objects.using(using)
    for name, allowed in (
        ("Viewer", [looking]),
        ("Operator", [looking, steering]),
        ("Administrator", [looking, steering, administering]),
    ):
        group, _ = groups.get_or_create(name=name)
        for each in allowed:
            group.permissions.add(*each)


def drop_groups(apps: Any, schema_editor: Any) -> None:
    groups = apps.get_model("auth", "Group").objects
    groups.filter(name__in=["Viewer", "Operator", "Administrator"]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, drop_groups)]
