from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class EventstoreConfig(AppConfig):
    name = "eventstore"
    verbose_name = "Event log"

    def ready(self) -> None:
        # They register themselves with Django's checks.
        from eventstore import checks, rewrapping, stored_types

        assert checks
        assert rewrapping
        assert stored_types
        autodiscover_modules("streams")
