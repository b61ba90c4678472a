from pathlib import Path


class UpError(Exception):
    """`up` cannot go on; the text is one line: why, what to do."""


class AlreadyRunning(UpError):
    def __init__(self, *, pid: int, url: str) -> None:
        self.pid = pid
        self.url = url
        super().__init__(f"already running (pid {pid}) at {url}")


class PortTaken(UpError):
    def __init__(self, port: int, reason: str) -> None:
        self.port = port
        super().__init__(f"port {port} {reason}: choose another with --port")


class ForeignFolder(UpError):
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            f"{folder} belongs to another user: run as that user, or remove the folder"
        )


class PreparationFailed(UpError):
    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"nothing was started (preparation ended with {status})")
