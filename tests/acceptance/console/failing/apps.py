import os
from pathlib import Path
from typing import Any

from django.apps import AppConfig

SWITCH = "FAILING_WHILE_THERE"  # names the file


class FailingConfig(AppConfig):
    name = "tests.acceptance.console.failing"
    label = "failing"

    def ready(self) -> None:
        from orders.domain.events import NoteAdded
        from orders.projections.order_summary import OrderSummary

        fold = OrderSummary.fold

        def failing(self: OrderSummary, rows: Any, event: Any) -> None:
            if Path(os.environ[SWITCH]).exists() and isinstance(event.data, NoteAdded):
                raise ValueError("a note is no number")
            fold(self, rows, event)

        OrderSummary.fold = failing  # type: ignore[method-assign]
