from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    database = "read"

    def ready(self) -> None:
        from orders import problem_codes  # noqa: F401  (it registers itself)
