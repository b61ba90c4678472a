"""Keeps many from waiting for a server of which one has just seen that it is away."""

import threading
import time


class Breaker:
    """After a failure nobody tries for rest_s. Then one does, and the others go on
    doing without until it worked, for trial_s at most. Of one process.
    """

    def __init__(self, *, rest_s: float, trial_s: float) -> None:
        self._rest_s, self._trial_s = rest_s, trial_s
        self._lock = threading.Lock()
        self._is_broken = False
        self._rests_until = 0.0

    def may_try(self) -> bool:
        """Whether to try; tell `failed` or `worked` afterwards."""
        if not self._is_broken:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._rests_until:
                return False
            self._rests_until = now + self._trial_s
            return True

    def failed(self) -> None:
        with self._lock:
            self._is_broken = True
            self._rests_until = time.monotonic() + self._rest_s

    def worked(self) -> None:
        self._is_broken = False
