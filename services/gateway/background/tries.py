"""How often something was tried in vain."""

from collections.abc import Hashable

MOST_TRIES = 10
"""What fails so often by its own fault is set aside."""


class Tries:
    """Counts failures by key, in this process: after a restart counting begins again."""

    def __init__(self) -> None:
        self._failed: dict[Hashable, int] = {}

    def failed(self, key: Hashable) -> bool:
        """Count a failure; tell whether it was the last one that is borne."""
        count = self._failed.pop(key, 0) + 1
        if count >= MOST_TRIES:
            return True
        self._failed[key] = count
        return False

    def over(self, key: Hashable) -> None:
        """Forget what came to its end."""
        self._failed.pop(key, None)
