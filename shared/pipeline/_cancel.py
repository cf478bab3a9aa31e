"""Stopping blocking work from outside."""

import threading

from shared.pipeline._errors import Canceled


class CancelToken:
    """Tells a blocking use case to stop; set by the event loop, checked by the working thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason = ""

    def cancel(self, reason: str) -> None:
        """Ask the work to stop; the first reason is kept."""
        if not self._event.is_set():
            self.reason = reason
            self._event.set()

    @property
    def canceled(self) -> bool:
        """Whether the work should stop."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep until canceled, at most `seconds`; return whether it was."""
        return self._event.wait(seconds)

    def check(self) -> None:
        """Raises: Canceled, when the work should stop. To be called between lines."""
        if self._event.is_set():
            raise Canceled(self.reason)
