"""Structured logs: JSON for machines, plain lines for a terminal, the same fields on every line; and health files."""

from shared.observability._health import kept_health
from shared.observability._logging import bind_job, configure_logging, logger
from shared.observability._longest import Longest
from shared.observability._starting import ends_with_a_sentence

__all__ = ["Longest", "bind_job", "configure_logging", "ends_with_a_sentence", "kept_health", "logger"]
