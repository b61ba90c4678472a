"""All groups may look at the list of snapshots, as at everything else of the log."""

from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = ("Viewer", "Operator", "Administrator")


def let_see(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    # Permissions are otherwise made only after the last migration.
    create_permissions(
        installed.get_app_config("eventstore"),
        verbosity=0,
        interactive=False,
        using=using,
    )
    view = (
        apps.get_model("auth", "Permission")
        .objects.using(using)
        .get(content_type__app_label="eventstore", codename="view_listedsnapshot")
    )
    for group in (
        apps.get_model("auth", "Group").objects.using(using).filter(name__in=GROUPS)
    ):
        group.permissions.add(view)


class Migration(migrations.Migration):
    dependencies = [
        ("eventstore", "0008_search_by_cause"),
        ("monitoring", "0002_let_groups_see_the_console"),
    ]
    operations = [migrations.RunPython(let_see, migrations.RunPython.noop)]
