"""Prints docs/reference/problems.md, from the register of codes."""

from typing import Any

from django.core.management.base import BaseCommand

from api import problem_reference


class Command(BaseCommand):
    help = "Prints the reference of all problem codes as Markdown."
    requires_system_checks = ()  # it needs neither servers nor secrets

    def handle(self, **options: Any) -> None:
        self.stdout.write(problem_reference.markdown(), ending="")
