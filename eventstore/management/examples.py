"""--help of management commands that end with examples."""

import argparse

from django.core.management.base import DjangoHelpFormatter


class Formatter(DjangoHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Django's, which keeps a text of several lines (the epilog) as it is."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return super()._fill_text(text, width, indent)
        return argparse.HelpFormatter._fill_text(self, text, width, indent)
