from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class EventstoreConfig(AppConfig):
    name = "eventstore"
    verbose_name = "Event log"

    def ready(self) -> None:
        from eventstore import checks  # registers itself with Django's checks

        assert checks
        autodiscover_modules("streams")
