"""What the parts measured before the gateway was laid out anew: the same benchmark, on a busy machine of two cores."""

from typing import Any

BEFORE: dict[str, Any] = {}
