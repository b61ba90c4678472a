from django.apps import AppConfig


class CqrsSiteConfig(AppConfig):
    name = "cqrs_site"

    def ready(self) -> None:
        from cqrs_site import checks  # noqa: F401  (registers them)
