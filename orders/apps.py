from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    database = "read"

    def ready(self) -> None:
        import eventstore.forgetting
        from orders import forgetting

        eventstore.forgetting.register(forgetting.forget)
