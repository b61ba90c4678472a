class EmbeddedServerError(Exception):
    """A server cannot be started or stopped; the text is one line: why, what to do."""
