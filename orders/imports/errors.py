"""Why an import stops. What it can go on without is a reject, see history.py."""


class ImportStopped(Exception):
    """Root of this package's errors; the text is one line for whoever started it."""


class UnreadableFile(ImportStopped):
    """The file is not there, not complete, or not of the format."""


class ForeignHistory(ImportStopped):
    """The log has something else where the file's events belong."""
