"""The longest of the latest durations."""

import threading
import time
from collections import deque


class Longest:
    """Remembers the longest duration of the last `window_s` seconds, however often it is read; any thread may add."""

    def __init__(self, window_s: float = 300.0) -> None:
        self._window_s = window_s
        self._kept: deque[tuple[float, float]] = deque()  # (when, how long), each longer than those after it
        self._lock = threading.Lock()

    def add(self, seconds: float) -> None:
        """Record one duration."""
        with self._lock:
            while self._kept and self._kept[-1][1] <= seconds:
                self._kept.pop()
            self._kept.append((time.monotonic(), seconds))

    def seconds(self) -> float:
        """The longest of those that ended in the window; 0 when there was none."""
        with self._lock:
            while self._kept and self._kept[0][0] < time.monotonic() - self._window_s:
                self._kept.popleft()
            return self._kept[0][1] if self._kept else 0.0
