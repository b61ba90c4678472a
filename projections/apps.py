from django.apps import AppConfig


class ProjectionsConfig(AppConfig):
    name = "projections"
    database = "read"

    def ready(self) -> None:
        # The first two register themselves.
        from projections import checks, problem_codes, reading

        assert checks
        assert problem_codes
        reading.install()
