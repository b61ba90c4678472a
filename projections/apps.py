from django.apps import AppConfig


class ProjectionsConfig(AppConfig):
    name = "projections"
    database = "read"

    def ready(self) -> None:
        from projections import checks  # registers itself with Django's checks

        assert checks
