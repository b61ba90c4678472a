from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    database = "read"

    def ready(self) -> None:
        import eventstore.forgetting
        from orders import forgetting, problem_codes  # noqa: F401  (registers itself)

        eventstore.forgetting.register(forgetting.forget)
