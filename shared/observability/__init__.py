"""Structured logs: JSON for machines, plain lines for a terminal, the same fields on every line."""

from shared.observability._logging import bind_job, configure_logging, logger

__all__ = ["bind_job", "configure_logging", "logger"]
