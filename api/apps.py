from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"
    verbose_name = "API"

    def ready(self) -> None:
        # They register themselves.
        from api import checks, openapi, problem_codes  # noqa: F401
