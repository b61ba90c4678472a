from django.apps import AppConfig


class ProjectionsConfig(AppConfig):
    name = "projections"
    database = "read"

    def ready(self) -> None:
        from projections import checks, reading  # checks registers itself

        assert checks
        reading.install()
